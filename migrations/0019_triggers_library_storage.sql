-- Stored bytes and number of assets of libraries. The bytes of a user are the sum of the libraries.
DROP TRIGGER `assets_insert_storage`;
--> statement-breakpoint
DROP TRIGGER `assets_update_storage`;
--> statement-breakpoint
DROP TRIGGER `assets_delete_storage`;
--> statement-breakpoint
CREATE TRIGGER `assets_insert_storage` AFTER INSERT ON `assets`
BEGIN
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes` + NEW.`file_size_bytes` + NEW.`version_bytes`,
      `asset_count` = `asset_count` + 1
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_update_storage` AFTER UPDATE OF `file_size_bytes`, `version_bytes`, `derived_bytes` ON `assets`
WHEN NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`
  <> OLD.`file_size_bytes` + OLD.`version_bytes` + OLD.`derived_bytes`
BEGIN
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`)
      - (OLD.`file_size_bytes` + OLD.`version_bytes` + OLD.`derived_bytes`)
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_storage` AFTER DELETE ON `assets`
BEGIN
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      - OLD.`file_size_bytes` - OLD.`version_bytes` - OLD.`derived_bytes`,
      `asset_count` = `asset_count` - 1
    WHERE `id` = OLD.`library_id`;
END;
