-- Assets per month, as year * 100 + month. See docs/decisions/0015.
-- The large constant makes the division round down before 1970 as well. Times outside the years 0000 to 9999 count for
-- the first or the last month. Assets of a cleared trash are excluded.
CREATE TRIGGER `assets_insert_month` AFTER INSERT ON `assets`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT NEW.`library_id`, NEW.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1, NEW.`album_count` > 0
    WHERE (NEW.`trashed_at` IS NULL OR NEW.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
-- Adds the new month before subtracting the old one, so that an unchanged month is not deleted in between.
CREATE TRIGGER `assets_update_month` AFTER UPDATE OF `local_us`, `trashed_at`, `album_count` ON `assets`
WHEN NEW.`local_us` <> OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`
  OR (NEW.`album_count` > 0) <> (OLD.`album_count` > 0)
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT NEW.`library_id`, c.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (c.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    c.`delta`, c.`delta` * (c.`album_count` > 0)
    FROM (SELECT NEW.`trashed_at`, NEW.`local_us`, NEW.`album_count`, 1 AS `delta`
      UNION ALL SELECT OLD.`trashed_at`, OLD.`local_us`, OLD.`album_count`, -1) c
    WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_month` AFTER DELETE ON `assets`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT OLD.`library_id`, OLD.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    -1, -(OLD.`album_count` > 0)
    WHERE (OLD.`trashed_at` IS NULL OR OLD.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = OLD.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `month_counts_delete_empty` AFTER UPDATE ON `month_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `month_counts` WHERE `library_id` = NEW.`library_id` AND `trashed` = NEW.`trashed` AND `month` = NEW.`month`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_insert_month` AFTER INSERT ON `album_assets`
BEGIN
  INSERT INTO `album_month_counts` (`album_id`, `trashed`, `month`, `assets`)
  SELECT NEW.`album_id`, NEW.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1
    WHERE (NEW.`trashed_at` IS NULL OR NEW.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_update_month` AFTER UPDATE OF `local_us`, `trashed_at` ON `album_assets`
WHEN NEW.`local_us` <> OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`
BEGIN
  INSERT INTO `album_month_counts` (`album_id`, `trashed`, `month`, `assets`)
  SELECT NEW.`album_id`, c.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (c.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    c.`delta`
    FROM (SELECT NEW.`trashed_at`, NEW.`local_us`, 1 AS `delta` UNION ALL SELECT OLD.`trashed_at`, OLD.`local_us`, -1) c
    WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_delete_month` AFTER DELETE ON `album_assets`
BEGIN
  INSERT INTO `album_month_counts` (`album_id`, `trashed`, `month`, `assets`)
  SELECT OLD.`album_id`, OLD.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    -1
    WHERE (OLD.`trashed_at` IS NULL OR OLD.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = OLD.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_month_counts_delete_empty` AFTER UPDATE ON `album_month_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `album_month_counts` WHERE `album_id` = NEW.`album_id` AND `trashed` = NEW.`trashed` AND `month` = NEW.`month`;
END;
--> statement-breakpoint
-- Clearing the trash deletes all its months. Assets trashed later, usually none, are counted again.
CREATE TRIGGER `libraries_clear_trash_months` AFTER UPDATE OF `trash_cleared_at` ON `libraries`
WHEN NEW.`trash_cleared_at` <> OLD.`trash_cleared_at`
BEGIN
  DELETE FROM `month_counts` WHERE `library_id` = NEW.`id` AND `trashed` = 1;
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT a.`library_id`, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*), sum(a.`album_count` > 0)
    FROM `assets` a WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`trash_cleared_at` + 1) GROUP BY 3;
  DELETE FROM `album_month_counts` WHERE `trashed` = 1 AND `album_id` IN (SELECT `id` FROM `albums` WHERE `library_id` = NEW.`id`);
  INSERT INTO `album_month_counts` (`album_id`, `trashed`, `month`, `assets`)
  SELECT l.`album_id`, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*)
    FROM `assets` a CROSS JOIN `album_assets` l ON l.`asset_id` = a.`id`
    WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`trash_cleared_at` + 1) GROUP BY 1, 3;
END;
