-- Stored bytes of users and libraries, and the number of assets, live or trashed. See docs/decisions/0012.
CREATE TRIGGER `assets_insert_storage` AFTER INSERT ON `assets`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes` + NEW.`file_size_bytes` + NEW.`version_bytes`
    WHERE `id` = NEW.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes` + NEW.`file_size_bytes` + NEW.`version_bytes`,
      `asset_count` = `asset_count` + 1
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_update_storage` AFTER UPDATE OF `file_size_bytes`, `version_bytes` ON `assets`
WHEN NEW.`file_size_bytes` + NEW.`version_bytes` <> OLD.`file_size_bytes` + OLD.`version_bytes`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes`) - (OLD.`file_size_bytes` + OLD.`version_bytes`)
    WHERE `id` = NEW.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes`) - (OLD.`file_size_bytes` + OLD.`version_bytes`)
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_storage` AFTER DELETE ON `assets`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes` - OLD.`file_size_bytes` - OLD.`version_bytes`
    WHERE `id` = OLD.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes` - OLD.`file_size_bytes` - OLD.`version_bytes`,
      `asset_count` = `asset_count` - 1
    WHERE `id` = OLD.`library_id`;
END;
