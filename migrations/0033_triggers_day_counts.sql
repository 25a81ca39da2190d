-- Assets per day by media type and rating, and the sums of these rows per month. See docs/decisions/0037.
-- A class is 0 to 5 for photos and 6 to 11 for videos, by rating. Times outside the years 0000 to 9999 count for the
-- first or the last day. Assets of a cleared trash are excluded.
DROP TRIGGER `assets_insert_month`;
--> statement-breakpoint
DROP TRIGGER `assets_update_month`;
--> statement-breakpoint
DROP TRIGGER `assets_delete_month`;
--> statement-breakpoint
DROP TRIGGER `libraries_clear_trash_months`;
--> statement-breakpoint
DELETE FROM `month_counts`;
--> statement-breakpoint
CREATE TRIGGER `day_counts_insert_month` AFTER INSERT ON `day_counts`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  VALUES (NEW.`library_id`, NEW.`trashed`, NEW.`day` / 100, NEW.`assets`, NEW.`in_album`, NEW.`image_0`, NEW.`image_1`,
    NEW.`image_2`, NEW.`image_3`, NEW.`image_4`, NEW.`image_5`,
    NEW.`video_0`, NEW.`video_1`, NEW.`video_2`, NEW.`video_3`,
    NEW.`video_4`, NEW.`video_5`, NEW.`image_0_in_album`, NEW.`image_1_in_album`,
    NEW.`image_2_in_album`, NEW.`image_3_in_album`, NEW.`image_4_in_album`, NEW.`image_5_in_album`,
    NEW.`video_0_in_album`, NEW.`video_1_in_album`, NEW.`video_2_in_album`, NEW.`video_3_in_album`,
    NEW.`video_4_in_album`, NEW.`video_5_in_album`)
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `day_counts_update_month` AFTER UPDATE ON `day_counts`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  VALUES (NEW.`library_id`, NEW.`trashed`, NEW.`day` / 100, NEW.`assets` - OLD.`assets`, NEW.`in_album` - OLD.`in_album`, NEW.`image_0` - OLD.`image_0`, NEW.`image_1` - OLD.`image_1`,
    NEW.`image_2` - OLD.`image_2`, NEW.`image_3` - OLD.`image_3`, NEW.`image_4` - OLD.`image_4`, NEW.`image_5` - OLD.`image_5`,
    NEW.`video_0` - OLD.`video_0`, NEW.`video_1` - OLD.`video_1`, NEW.`video_2` - OLD.`video_2`, NEW.`video_3` - OLD.`video_3`,
    NEW.`video_4` - OLD.`video_4`, NEW.`video_5` - OLD.`video_5`, NEW.`image_0_in_album` - OLD.`image_0_in_album`, NEW.`image_1_in_album` - OLD.`image_1_in_album`,
    NEW.`image_2_in_album` - OLD.`image_2_in_album`, NEW.`image_3_in_album` - OLD.`image_3_in_album`, NEW.`image_4_in_album` - OLD.`image_4_in_album`, NEW.`image_5_in_album` - OLD.`image_5_in_album`,
    NEW.`video_0_in_album` - OLD.`video_0_in_album`, NEW.`video_1_in_album` - OLD.`video_1_in_album`, NEW.`video_2_in_album` - OLD.`video_2_in_album`, NEW.`video_3_in_album` - OLD.`video_3_in_album`,
    NEW.`video_4_in_album` - OLD.`video_4_in_album`, NEW.`video_5_in_album` - OLD.`video_5_in_album`)
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `day_counts_delete_empty` AFTER UPDATE ON `day_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `day_counts` WHERE `library_id` = NEW.`library_id` AND `trashed` = NEW.`trashed` AND `day` = NEW.`day`;
END;
--> statement-breakpoint
INSERT INTO `day_counts` (`library_id`, `trashed`, `day`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
  `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
  `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
  `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
  `video_4_in_album`, `video_5_in_album`)
SELECT c.`library_id`, c.`trashed_at` IS NOT NULL, c.`day`, count(*), sum(c.`in_album`), sum((c.`class` = 0)), sum((c.`class` = 1)),
  sum((c.`class` = 2)), sum((c.`class` = 3)), sum((c.`class` = 4)), sum((c.`class` = 5)),
  sum((c.`class` = 6)), sum((c.`class` = 7)), sum((c.`class` = 8)), sum((c.`class` = 9)),
  sum((c.`class` = 10)), sum((c.`class` = 11)), sum((c.`class` = 0 AND c.`in_album`)), sum((c.`class` = 1 AND c.`in_album`)),
  sum((c.`class` = 2 AND c.`in_album`)), sum((c.`class` = 3 AND c.`in_album`)), sum((c.`class` = 4 AND c.`in_album`)), sum((c.`class` = 5 AND c.`in_album`)),
  sum((c.`class` = 6 AND c.`in_album`)), sum((c.`class` = 7 AND c.`in_album`)), sum((c.`class` = 8 AND c.`in_album`)), sum((c.`class` = 9 AND c.`in_album`)),
  sum((c.`class` = 10 AND c.`in_album`)), sum((c.`class` = 11 AND c.`in_album`))
FROM (SELECT a.`library_id`, a.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
    a.`album_count` > 0 AS `in_album`, (a.`media_type` = 'video') * 6 + coalesce(a.`rating`, 0) AS `class`
  FROM `assets` a) c
WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = c.`library_id`)) GROUP BY 1, 2, 3
ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
  `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
  `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
  `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
  `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
  `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
  `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
  `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
  `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
--> statement-breakpoint
CREATE TRIGGER `assets_insert_day` AFTER INSERT ON `assets`
BEGIN
  INSERT INTO `day_counts` (`library_id`, `trashed`, `day`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  SELECT c.`library_id`, c.`trashed_at` IS NOT NULL, c.`day`, sum(c.`delta`), sum(c.`delta` * c.`in_album`), sum(c.`delta` * (c.`class` = 0)), sum(c.`delta` * (c.`class` = 1)),
    sum(c.`delta` * (c.`class` = 2)), sum(c.`delta` * (c.`class` = 3)), sum(c.`delta` * (c.`class` = 4)), sum(c.`delta` * (c.`class` = 5)),
    sum(c.`delta` * (c.`class` = 6)), sum(c.`delta` * (c.`class` = 7)), sum(c.`delta` * (c.`class` = 8)), sum(c.`delta` * (c.`class` = 9)),
    sum(c.`delta` * (c.`class` = 10)), sum(c.`delta` * (c.`class` = 11)), sum(c.`delta` * (c.`class` = 0 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 1 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 2 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 3 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 4 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 5 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 6 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 7 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 8 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 9 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 10 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 11 AND c.`in_album`))
  FROM (SELECT NEW.`library_id`, NEW.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
      NEW.`album_count` > 0 AS `in_album`, (NEW.`media_type` = 'video') * 6 + coalesce(NEW.`rating`, 0) AS `class`, 1 AS `delta`) c
  WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = c.`library_id`)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
END;
--> statement-breakpoint
-- Adds both changes of a day in one row, so that the row is written once and is not deleted in between.
CREATE TRIGGER `assets_update_day` AFTER UPDATE OF `library_id`, `local_us`, `trashed_at`, `album_count`, `media_type`, `rating` ON `assets`
WHEN NEW.`library_id` <> OLD.`library_id`
  OR CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) <> CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER)
  OR NEW.`trashed_at` IS NOT OLD.`trashed_at`
  OR (NEW.`album_count` > 0) <> (OLD.`album_count` > 0)
  OR NEW.`media_type` <> OLD.`media_type`
  OR coalesce(NEW.`rating`, 0) <> coalesce(OLD.`rating`, 0)
BEGIN
  INSERT INTO `day_counts` (`library_id`, `trashed`, `day`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  SELECT c.`library_id`, c.`trashed_at` IS NOT NULL, c.`day`, sum(c.`delta`), sum(c.`delta` * c.`in_album`), sum(c.`delta` * (c.`class` = 0)), sum(c.`delta` * (c.`class` = 1)),
    sum(c.`delta` * (c.`class` = 2)), sum(c.`delta` * (c.`class` = 3)), sum(c.`delta` * (c.`class` = 4)), sum(c.`delta` * (c.`class` = 5)),
    sum(c.`delta` * (c.`class` = 6)), sum(c.`delta` * (c.`class` = 7)), sum(c.`delta` * (c.`class` = 8)), sum(c.`delta` * (c.`class` = 9)),
    sum(c.`delta` * (c.`class` = 10)), sum(c.`delta` * (c.`class` = 11)), sum(c.`delta` * (c.`class` = 0 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 1 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 2 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 3 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 4 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 5 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 6 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 7 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 8 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 9 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 10 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 11 AND c.`in_album`))
  FROM (SELECT NEW.`library_id`, NEW.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
      NEW.`album_count` > 0 AS `in_album`, (NEW.`media_type` = 'video') * 6 + coalesce(NEW.`rating`, 0) AS `class`, 1 AS `delta`
    UNION ALL SELECT OLD.`library_id`, OLD.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
      OLD.`album_count` > 0 AS `in_album`, (OLD.`media_type` = 'video') * 6 + coalesce(OLD.`rating`, 0) AS `class`, -1 AS `delta`) c
  WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = c.`library_id`)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_day` AFTER DELETE ON `assets`
BEGIN
  INSERT INTO `day_counts` (`library_id`, `trashed`, `day`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  SELECT c.`library_id`, c.`trashed_at` IS NOT NULL, c.`day`, sum(c.`delta`), sum(c.`delta` * c.`in_album`), sum(c.`delta` * (c.`class` = 0)), sum(c.`delta` * (c.`class` = 1)),
    sum(c.`delta` * (c.`class` = 2)), sum(c.`delta` * (c.`class` = 3)), sum(c.`delta` * (c.`class` = 4)), sum(c.`delta` * (c.`class` = 5)),
    sum(c.`delta` * (c.`class` = 6)), sum(c.`delta` * (c.`class` = 7)), sum(c.`delta` * (c.`class` = 8)), sum(c.`delta` * (c.`class` = 9)),
    sum(c.`delta` * (c.`class` = 10)), sum(c.`delta` * (c.`class` = 11)), sum(c.`delta` * (c.`class` = 0 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 1 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 2 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 3 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 4 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 5 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 6 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 7 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 8 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 9 AND c.`in_album`)),
    sum(c.`delta` * (c.`class` = 10 AND c.`in_album`)), sum(c.`delta` * (c.`class` = 11 AND c.`in_album`))
  FROM (SELECT OLD.`library_id`, OLD.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
      OLD.`album_count` > 0 AS `in_album`, (OLD.`media_type` = 'video') * 6 + coalesce(OLD.`rating`, 0) AS `class`, -1 AS `delta`) c
  WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = c.`library_id`)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
END;
--> statement-breakpoint
-- Clearing the trash deletes all its days and months. Assets trashed later, usually none, are counted again.
CREATE TRIGGER `libraries_clear_trash_days` AFTER UPDATE OF `trash_cleared_at` ON `libraries`
WHEN NEW.`trash_cleared_at` <> OLD.`trash_cleared_at`
BEGIN
  DELETE FROM `day_counts` WHERE `library_id` = NEW.`id` AND `trashed` = 1;
  DELETE FROM `month_counts` WHERE `library_id` = NEW.`id` AND `trashed` = 1;
  INSERT INTO `day_counts` (`library_id`, `trashed`, `day`, `assets`, `in_album`, `image_0`, `image_1`, `image_2`, `image_3`,
    `image_4`, `image_5`, `video_0`, `video_1`, `video_2`, `video_3`,
    `video_4`, `video_5`, `image_0_in_album`, `image_1_in_album`, `image_2_in_album`, `image_3_in_album`,
    `image_4_in_album`, `image_5_in_album`, `video_0_in_album`, `video_1_in_album`, `video_2_in_album`, `video_3_in_album`,
    `video_4_in_album`, `video_5_in_album`)
  SELECT c.`library_id`, c.`trashed_at` IS NOT NULL, c.`day`, count(*), sum(c.`in_album`), sum((c.`class` = 0)), sum((c.`class` = 1)),
    sum((c.`class` = 2)), sum((c.`class` = 3)), sum((c.`class` = 4)), sum((c.`class` = 5)),
    sum((c.`class` = 6)), sum((c.`class` = 7)), sum((c.`class` = 8)), sum((c.`class` = 9)),
    sum((c.`class` = 10)), sum((c.`class` = 11)), sum((c.`class` = 0 AND c.`in_album`)), sum((c.`class` = 1 AND c.`in_album`)),
    sum((c.`class` = 2 AND c.`in_album`)), sum((c.`class` = 3 AND c.`in_album`)), sum((c.`class` = 4 AND c.`in_album`)), sum((c.`class` = 5 AND c.`in_album`)),
    sum((c.`class` = 6 AND c.`in_album`)), sum((c.`class` = 7 AND c.`in_album`)), sum((c.`class` = 8 AND c.`in_album`)), sum((c.`class` = 9 AND c.`in_album`)),
    sum((c.`class` = 10 AND c.`in_album`)), sum((c.`class` = 11 AND c.`in_album`))
  FROM (SELECT a.`library_id`, a.`trashed_at`, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS `day`,
      a.`album_count` > 0 AS `in_album`, (a.`media_type` = 'video') * 6 + coalesce(a.`rating`, 0) AS `class`
    FROM `assets` a
    WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`trash_cleared_at` + 1)) c
  WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `trash_cleared_at` FROM `libraries` WHERE `id` = c.`library_id`)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`, `image_0` = `image_0` + excluded.`image_0`,
    `image_1` = `image_1` + excluded.`image_1`, `image_2` = `image_2` + excluded.`image_2`, `image_3` = `image_3` + excluded.`image_3`,
    `image_4` = `image_4` + excluded.`image_4`, `image_5` = `image_5` + excluded.`image_5`, `video_0` = `video_0` + excluded.`video_0`,
    `video_1` = `video_1` + excluded.`video_1`, `video_2` = `video_2` + excluded.`video_2`, `video_3` = `video_3` + excluded.`video_3`,
    `video_4` = `video_4` + excluded.`video_4`, `video_5` = `video_5` + excluded.`video_5`, `image_0_in_album` = `image_0_in_album` + excluded.`image_0_in_album`,
    `image_1_in_album` = `image_1_in_album` + excluded.`image_1_in_album`, `image_2_in_album` = `image_2_in_album` + excluded.`image_2_in_album`, `image_3_in_album` = `image_3_in_album` + excluded.`image_3_in_album`,
    `image_4_in_album` = `image_4_in_album` + excluded.`image_4_in_album`, `image_5_in_album` = `image_5_in_album` + excluded.`image_5_in_album`, `video_0_in_album` = `video_0_in_album` + excluded.`video_0_in_album`,
    `video_1_in_album` = `video_1_in_album` + excluded.`video_1_in_album`, `video_2_in_album` = `video_2_in_album` + excluded.`video_2_in_album`, `video_3_in_album` = `video_3_in_album` + excluded.`video_3_in_album`,
    `video_4_in_album` = `video_4_in_album` + excluded.`video_4_in_album`, `video_5_in_album` = `video_5_in_album` + excluded.`video_5_in_album`;
  DELETE FROM `album_month_counts` WHERE `trashed` = 1 AND `album_id` IN (SELECT `id` FROM `albums` WHERE `library_id` = NEW.`id`);
  INSERT INTO `album_month_counts` (`album_id`, `trashed`, `month`, `assets`)
  SELECT l.`album_id`, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*)
    FROM `assets` a CROSS JOIN `album_assets` l ON l.`asset_id` = a.`id`
    WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`trash_cleared_at` + 1) GROUP BY 1, 3;
END;
