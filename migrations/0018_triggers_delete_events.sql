-- Deletes the rows that depend on a deleted asset. The event of its deletion stays.
-- The condition on events is that of the index events_by_asset. With another condition SQLite reads every event.
DROP TRIGGER `assets_delete_dependents`;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_dependents` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `tasks` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `album_assets` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `asset_versions` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `events` WHERE `entity_id` = OLD.`id`
    AND `entity_type` IN ('asset', 'metadata') AND `event_type` <> 'asset_deleted';
END;
