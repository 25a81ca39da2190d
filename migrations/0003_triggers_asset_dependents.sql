-- Deletes the rows that depend on a deleted asset. The event of its deletion stays.
CREATE TRIGGER `assets_delete_dependents` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `tasks` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `album_assets` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `asset_versions` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `events` WHERE `entity_id` = OLD.`id` AND `event_type` <> 'asset_deleted';
END;
