-- What depends on the library of an asset follows a move to another library. Day counts have a trigger of their own.
CREATE TRIGGER `assets_move_storage` AFTER UPDATE OF `library_id` ON `assets` WHEN NEW.`library_id` <> OLD.`library_id`
BEGIN
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      - OLD.`file_size_bytes` - OLD.`version_bytes` - OLD.`derived_bytes`, `asset_count` = `asset_count` - 1
    WHERE `id` = OLD.`library_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      + NEW.`file_size_bytes` + NEW.`version_bytes` + NEW.`derived_bytes`, `asset_count` = `asset_count` + 1
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_move_map_point` AFTER UPDATE OF `library_id` ON `assets` WHEN NEW.`library_id` <> OLD.`library_id`
BEGIN
  DELETE FROM `map_points` WHERE `library_id` = OLD.`library_id`
    AND `cell` = min(CAST((OLD.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.`longitude` + 180) * 5000 AS INTEGER), 1799999)
    AND `sort_key` = OLD.`sort_key`;
  INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`)
  SELECT NEW.`library_id`, min(CAST((NEW.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    NEW.`sort_key`, NEW.`latitude`, NEW.`longitude`
    WHERE NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_move_dependents` AFTER UPDATE OF `library_id` ON `assets` WHEN NEW.`library_id` <> OLD.`library_id`
BEGIN
  UPDATE `asset_versions` SET `library_id` = NEW.`library_id` WHERE `asset_id` = NEW.`id`;
  UPDATE `asset_tasks` SET `library_id` = NEW.`library_id`, `user_id` = NEW.`user_id` WHERE `asset_id` = NEW.`id`;
END;
--> statement-breakpoint
-- Cached responses have the tag of the old library.
CREATE TRIGGER `assets_move_cache_purge` AFTER UPDATE OF `library_id` ON `assets` WHEN NEW.`library_id` <> OLD.`library_id`
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`) VALUES (OLD.`id`, OLD.`library_id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
