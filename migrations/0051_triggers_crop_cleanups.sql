-- Crops of a deleted asset are deleted with its other objects, by its own cleanup record.
DROP TRIGGER `derived_files_delete_crop`;
--> statement-breakpoint
CREATE TRIGGER `derived_files_delete_crop` AFTER DELETE ON `derived_files`
WHEN substr(OLD.`name`, 1, 5) = 'face_' AND EXISTS (SELECT 1 FROM `assets` WHERE `id` = OLD.`asset_id`)
  AND NOT EXISTS (SELECT 1 FROM `asset_cleanups` WHERE `asset_id` = OLD.`asset_id`)
BEGIN
  INSERT INTO `crop_cleanups` (`asset_id`, `version_id`, `name`, `due_at`) VALUES (OLD.`asset_id`, OLD.`version_id`, OLD.`name`, 0)
    ON CONFLICT DO UPDATE SET `due_at` = 0, `passes` = 0;
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
  SELECT substr(OLD.`name`, 1, 27), a.`library_id`, unixepoch() FROM `assets` a WHERE a.`id` = OLD.`asset_id`
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
