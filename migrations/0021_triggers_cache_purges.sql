-- Each change that ends media URLs records the cache tag of the responses that the cache in front of the Worker may hold.
CREATE TRIGGER `assets_update_cache_purge` AFTER UPDATE OF `trashed_at`, `poster_version_id` ON `assets`
WHEN OLD.`trashed_at` IS NOT NEW.`trashed_at`
  OR (OLD.`poster_version_id` IS NOT NULL AND OLD.`poster_version_id` IS NOT NEW.`poster_version_id`)
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`) VALUES (OLD.`id`, OLD.`library_id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_cache_purge` AFTER DELETE ON `assets`
WHEN EXISTS (SELECT 1 FROM `libraries` WHERE `id` = OLD.`library_id` AND `trashed_at` IS NULL)
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
    VALUES (iif(OLD.`trashed_at` IS NULL, OLD.`id`, OLD.`library_id` || '-trash'), OLD.`library_id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_delete_cache_purge` AFTER DELETE ON `asset_versions` WHEN OLD.`position` > 0
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
    SELECT `id`, `library_id`, unixepoch() FROM `assets` WHERE `id` = OLD.`asset_id`
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `asset_versions_replace_cache_purge` AFTER UPDATE OF `id` ON `asset_versions` WHEN OLD.`id` <> NEW.`id`
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
    VALUES (OLD.`asset_id`, OLD.`library_id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `libraries_trash_cache_purge` AFTER UPDATE OF `trashed_at` ON `libraries`
WHEN OLD.`trashed_at` IS NULL AND NEW.`trashed_at` IS NOT NULL
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`) VALUES (OLD.`id`, OLD.`id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `libraries_clear_trash_cache_purge` AFTER UPDATE OF `trash_cleared_at` ON `libraries`
WHEN NEW.`trash_cleared_at` <> OLD.`trash_cleared_at`
BEGIN
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
    VALUES (OLD.`id` || '-trash', OLD.`id`, unixepoch())
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
