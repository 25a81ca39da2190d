-- Posters, display proxies and renditions count towards storage. Files made before this migration are not counted.
DROP TRIGGER `assets_update_storage`;
--> statement-breakpoint
DROP TRIGGER `assets_delete_storage`;
--> statement-breakpoint
CREATE TRIGGER `assets_update_storage` AFTER UPDATE OF `file_size_bytes`, `version_bytes`, `derived_bytes` ON `assets`
WHEN NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`
  <> OLD.`file_size_bytes` + OLD.`version_bytes` + OLD.`derived_bytes`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`)
      - (OLD.`file_size_bytes` + OLD.`version_bytes` + OLD.`derived_bytes`)
    WHERE `id` = NEW.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`)
      - (OLD.`file_size_bytes` + OLD.`version_bytes` + OLD.`derived_bytes`)
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_storage` AFTER DELETE ON `assets`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes`
      - OLD.`file_size_bytes` - OLD.`version_bytes` - OLD.`derived_bytes`
    WHERE `id` = OLD.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      - OLD.`file_size_bytes` - OLD.`version_bytes` - OLD.`derived_bytes`,
      `asset_count` = `asset_count` - 1
    WHERE `id` = OLD.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derived_files_insert` AFTER INSERT ON `derived_files`
BEGIN
  UPDATE `assets` SET `derived_bytes` = `derived_bytes` + NEW.`size_bytes` WHERE `id` = NEW.`asset_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derived_files_update` AFTER UPDATE OF `size_bytes` ON `derived_files`
WHEN NEW.`size_bytes` <> OLD.`size_bytes`
BEGIN
  UPDATE `assets` SET `derived_bytes` = `derived_bytes` + NEW.`size_bytes` - OLD.`size_bytes` WHERE `id` = NEW.`asset_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derived_files_delete` AFTER DELETE ON `derived_files`
BEGIN
  UPDATE `assets` SET `derived_bytes` = `derived_bytes` - OLD.`size_bytes` WHERE `id` = OLD.`asset_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_replace_poster_files` AFTER UPDATE OF `poster_version_id` ON `assets`
WHEN OLD.`poster_version_id` IS NOT NULL AND OLD.`poster_version_id` IS NOT NEW.`poster_version_id`
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`id` AND `version_id` = OLD.`poster_version_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_delete_derived_files` AFTER DELETE ON `asset_versions` WHEN OLD.`position` > 0
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`asset_id` AND `version_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_replace_derived_files` AFTER UPDATE OF `id` ON `asset_versions` WHEN OLD.`id` <> NEW.`id`
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`asset_id` AND `version_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_derived_files` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`id`;
END;
