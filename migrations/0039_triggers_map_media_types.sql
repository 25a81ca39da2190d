-- The map by media type: videos of each cell, and its newest video and photo. See docs/decisions/0037.
-- newest_image_key is NULL in a cell without videos, whose newest_key is the newest photo, so that most rows stay as
-- small as before.
DROP TRIGGER `assets_insert_map_point`;
--> statement-breakpoint
DROP TRIGGER `assets_update_map_point`;
--> statement-breakpoint
DROP TRIGGER `assets_move_map_point`;
--> statement-breakpoint
DROP TRIGGER `map_points_insert`;
--> statement-breakpoint
DROP TRIGGER `map_points_delete`;
--> statement-breakpoint
UPDATE `map_points` SET `media_type` = 'video' WHERE (`library_id`, `cell`, `sort_key`) IN
  (SELECT a.`library_id`, min(CAST((a.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((a.`longitude` + 180) * 5000 AS INTEGER), 1799999), a.`sort_key`
    FROM `assets` a WHERE a.`media_type` = 'video' AND a.`trashed_at` IS NULL AND a.`latitude` IS NOT NULL AND a.`longitude` IS NOT NULL);
--> statement-breakpoint
UPDATE `map_cells` SET `videos` = v.`videos`, `video_latitude_sum` = v.`latitude_sum`,
    `video_longitude_sum` = v.`longitude_sum`, `newest_video_key` = v.`newest_key`,
    `newest_image_key` = iif(`map_cells`.`newest_key` = v.`newest_key`, NULL, `map_cells`.`newest_key`)
  FROM (SELECT p.`library_id`, l.column1 AS `level`, p.`cell` / 10000000 / l.column3 * 10000000 + p.`cell` % 10000000 / l.column3 AS `parent`,
      p.`cell` / 10000000 / l.column2 * 10000000 + p.`cell` % 10000000 / l.column2 AS `cell`, count(*) AS `videos`,
      sum(CAST(round(p.`latitude` * 10000000) AS INTEGER)) AS `latitude_sum`, sum(CAST(round(p.`longitude` * 10000000) AS INTEGER)) AS `longitude_sum`,
      max(p.`sort_key`) AS `newest_key`
    FROM `map_points` p CROSS JOIN (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l
    WHERE p.`media_type` = 'video' GROUP BY 1, 2, 3, 4) v
  WHERE `map_cells`.`library_id` = v.`library_id` AND `map_cells`.`level` = v.`level`
    AND `map_cells`.`parent` = v.`parent` AND `map_cells`.`cell` = v.`cell`;
--> statement-breakpoint
-- A cell whose newest asset is a video has its newest photo among the cells below it, finest level first.
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(p.`sort_key`) FROM `map_points` p
    WHERE p.`library_id` = `map_cells`.`library_id` AND p.`cell` = `map_cells`.`cell` AND p.`media_type` = 'image')
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 8
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 8 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 7
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 7 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 6
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 6 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 5
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 5 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 4
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 4 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 3
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 3 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 2
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 2 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 1
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
UPDATE `map_cells` SET `newest_image_key` = (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c
    WHERE c.`library_id` = `map_cells`.`library_id` AND c.`level` = 1 AND c.`parent` = `map_cells`.`cell`)
  WHERE `library_id` IN (SELECT `id` FROM `libraries`) AND `level` = 0
    AND `videos` > 0 AND `videos` < `assets` AND `newest_image_key` IS NULL;
--> statement-breakpoint
CREATE TRIGGER `assets_insert_map_point` AFTER INSERT ON `assets`
WHEN NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL
BEGIN
  INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`, `media_type`)
  SELECT NEW.`library_id`, min(CAST((NEW.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    NEW.`sort_key`, NEW.`latitude`, NEW.`longitude`, NEW.`media_type`
    WHERE NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_update_map_point` AFTER UPDATE OF `library_id`, `latitude`, `longitude`, `local_us`, `trashed_at`, `media_type` ON `assets`
WHEN NEW.`library_id` <> OLD.`library_id` OR NEW.`latitude` IS NOT OLD.`latitude` OR NEW.`longitude` IS NOT OLD.`longitude`
  OR NEW.`local_us` <> OLD.`local_us` OR (NEW.`trashed_at` IS NULL) <> (OLD.`trashed_at` IS NULL)
  OR NEW.`media_type` <> OLD.`media_type`
BEGIN
  DELETE FROM `map_points` WHERE `library_id` = OLD.`library_id`
    AND `cell` = min(CAST((OLD.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.`longitude` + 180) * 5000 AS INTEGER), 1799999)
    AND `sort_key` = OLD.`sort_key`;
  INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`, `media_type`)
  SELECT NEW.`library_id`, min(CAST((NEW.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    NEW.`sort_key`, NEW.`latitude`, NEW.`longitude`, NEW.`media_type`
    WHERE NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `map_points_insert` AFTER INSERT ON `map_points`
BEGIN
  INSERT INTO `map_cells` (`library_id`, `level`, `parent`, `cell`, `assets`, `latitude_sum`, `longitude_sum`,
    `south`, `north`, `west`, `east`, `newest_key`, `videos`, `video_latitude_sum`, `video_longitude_sum`, `newest_video_key`)
  SELECT NEW.`library_id`, l.column1,
    NEW.`cell` / 10000000 / l.column3 * 10000000 + NEW.`cell` % 10000000 / l.column3,
    NEW.`cell` / 10000000 / l.column2 * 10000000 + NEW.`cell` % 10000000 / l.column2,
    1, CAST(round(NEW.`latitude` * 10000000) AS INTEGER), CAST(round(NEW.`longitude` * 10000000) AS INTEGER),
    NEW.`latitude`, NEW.`latitude`, NEW.`longitude`, NEW.`longitude`, NEW.`sort_key`, NEW.`media_type` = 'video',
    (NEW.`media_type` = 'video') * CAST(round(NEW.`latitude` * 10000000) AS INTEGER),
    (NEW.`media_type` = 'video') * CAST(round(NEW.`longitude` * 10000000) AS INTEGER),
    iif(NEW.`media_type` = 'video', NEW.`sort_key`, NULL)
    FROM (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l WHERE true
  ON CONFLICT DO UPDATE SET `assets` = `assets` + 1,
    `latitude_sum` = `latitude_sum` + excluded.`latitude_sum`, `longitude_sum` = `longitude_sum` + excluded.`longitude_sum`,
    `south` = min(`south`, excluded.`south`), `north` = max(`north`, excluded.`north`),
    `west` = min(`west`, excluded.`west`), `east` = max(`east`, excluded.`east`),
    `newest_key` = max(`newest_key`, excluded.`newest_key`),
    `videos` = `videos` + excluded.`videos`,
    `video_latitude_sum` = `video_latitude_sum` + excluded.`video_latitude_sum`,
    `video_longitude_sum` = `video_longitude_sum` + excluded.`video_longitude_sum`,
    `newest_video_key` = iif(excluded.`videos` = 0, `newest_video_key`, max(coalesce(`newest_video_key`, ''), excluded.`newest_key`)),
    `newest_image_key` = iif(excluded.`videos` = 1, iif(`videos` = 0, `newest_key`, `newest_image_key`),
      iif(`videos` = 0, NULL, max(coalesce(`newest_image_key`, ''), excluded.`newest_key`)));
END;
--> statement-breakpoint
-- Deletes cells that become empty. In the other cells a removed newest asset, video or photo is replaced by the next
-- newest one, finest level first, because each level reads the one below it.
CREATE TRIGGER `map_points_delete` AFTER DELETE ON `map_points`
BEGIN
  DELETE FROM `map_cells` WHERE `library_id` = OLD.`library_id` AND `assets` = 1 AND (`level`, `parent`, `cell`) IN
    (SELECT l.column1,
      OLD.`cell` / 10000000 / l.column3 * 10000000 + OLD.`cell` % 10000000 / l.column3,
      OLD.`cell` / 10000000 / l.column2 * 10000000 + OLD.`cell` % 10000000 / l.column2
      FROM (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l);
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(p.`sort_key`) FROM `map_points` p WHERE p.`library_id` = OLD.`library_id` AND p.`cell` = OLD.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(p.`sort_key`) FROM `map_points` p WHERE p.`library_id` = OLD.`library_id` AND p.`cell` = OLD.`cell` AND p.`media_type` = 'video')),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(p.`sort_key`) FROM `map_points` p WHERE p.`library_id` = OLD.`library_id` AND p.`cell` = OLD.`cell` AND p.`media_type` = 'image')))
    WHERE `library_id` = OLD.`library_id` AND `level` = 8
      AND `parent` = OLD.`cell` / 10000000 / 5 * 10000000 + OLD.`cell` % 10000000 / 5
      AND `cell` = OLD.`cell`;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 8 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 8 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 8 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 7
      AND `parent` = OLD.`cell` / 10000000 / 25 * 10000000 + OLD.`cell` % 10000000 / 25
      AND `cell` = OLD.`cell` / 10000000 / 5 * 10000000 + OLD.`cell` % 10000000 / 5;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 7 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 7 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 7 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 6
      AND `parent` = OLD.`cell` / 10000000 / 100 * 10000000 + OLD.`cell` % 10000000 / 100
      AND `cell` = OLD.`cell` / 10000000 / 25 * 10000000 + OLD.`cell` % 10000000 / 25;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 6 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 6 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 6 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 5
      AND `parent` = OLD.`cell` / 10000000 / 500 * 10000000 + OLD.`cell` % 10000000 / 500
      AND `cell` = OLD.`cell` / 10000000 / 100 * 10000000 + OLD.`cell` % 10000000 / 100;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 5 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 5 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 5 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 4
      AND `parent` = OLD.`cell` / 10000000 / 2500 * 10000000 + OLD.`cell` % 10000000 / 2500
      AND `cell` = OLD.`cell` / 10000000 / 500 * 10000000 + OLD.`cell` % 10000000 / 500;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 4 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 4 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 4 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 3
      AND `parent` = OLD.`cell` / 10000000 / 10000 * 10000000 + OLD.`cell` % 10000000 / 10000
      AND `cell` = OLD.`cell` / 10000000 / 2500 * 10000000 + OLD.`cell` % 10000000 / 2500;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 3 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 3 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 3 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 2
      AND `parent` = OLD.`cell` / 10000000 / 50000 * 10000000 + OLD.`cell` % 10000000 / 50000
      AND `cell` = OLD.`cell` / 10000000 / 10000 * 10000000 + OLD.`cell` % 10000000 / 10000;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 2 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 2 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 2 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 1
      AND `parent` = OLD.`cell` / 10000000 / 450000 * 10000000 + OLD.`cell` % 10000000 / 450000
      AND `cell` = OLD.`cell` / 10000000 / 50000 * 10000000 + OLD.`cell` % 10000000 / 50000;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 1 AND c.`parent` = `map_cells`.`cell`)),
      `videos` = `videos` - (OLD.`media_type` = 'video'),
      `video_latitude_sum` = `video_latitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `video_longitude_sum` = `video_longitude_sum` - (OLD.`media_type` = 'video') * CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_video_key` = iif(OLD.`media_type` <> 'video' OR `newest_video_key` > OLD.`sort_key`, `newest_video_key`,
        (SELECT max(c.`newest_video_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 1 AND c.`parent` = `map_cells`.`cell`)),
      `newest_image_key` = iif(`videos` - (OLD.`media_type` = 'video') = 0, NULL,
        iif(OLD.`media_type` <> 'image' OR `newest_image_key` > OLD.`sort_key`, `newest_image_key`,
          (SELECT max(iif(c.`videos` = 0, c.`newest_key`, c.`newest_image_key`)) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 1 AND c.`parent` = `map_cells`.`cell`)))
    WHERE `library_id` = OLD.`library_id` AND `level` = 0
      AND `parent` = OLD.`cell` / 10000000 / 10000000 * 10000000 + OLD.`cell` % 10000000 / 10000000
      AND `cell` = OLD.`cell` / 10000000 / 450000 * 10000000 + OLD.`cell` % 10000000 / 450000;
END;
