-- Deletes the rows that depend on a deleted asset. Its events are deleted by a scheduled sweep, which needs no index.
DROP TRIGGER `assets_delete_dependents`;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_dependents` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `tasks` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `album_assets` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `asset_versions` WHERE `asset_id` = OLD.`id`;
END;
