-- Deletes checksums and findings of files with their asset or version. The file of position 0 outlives its version row.
CREATE TRIGGER `assets_delete_file_checks` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `part_checksums` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `corrupted_files` WHERE `asset_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_delete_file_checks` AFTER DELETE ON `asset_versions` WHEN OLD.`position` > 0
BEGIN
  DELETE FROM `part_checksums` WHERE `version_id` = OLD.`id`;
  DELETE FROM `corrupted_files` WHERE `version_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_replace_file_checks` AFTER UPDATE OF `id` ON `asset_versions` WHEN OLD.`id` <> NEW.`id`
BEGIN
  DELETE FROM `part_checksums` WHERE `version_id` = OLD.`id`;
  DELETE FROM `corrupted_files` WHERE `version_id` = OLD.`id`;
END;
