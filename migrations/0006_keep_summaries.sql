-- Written by hand: drizzle knows no triggers. See docs/decisions/0015.
-- A month is year × 100 + month. The large number makes the division round down before 1970 too; what no calendar
-- of four digits holds counts for its first or last month. What the trash was emptied of counts nowhere.
INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
SELECT a.`library_id`, a.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*), sum(a.`album_count` > 0)
  FROM `assets` a WHERE (a.`trashed_at` IS NULL OR a.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = a.`library_id`)) GROUP BY 1, 2, 3;
--> statement-breakpoint
INSERT INTO `album_months` (`album_id`, `trashed`, `month`, `assets`)
SELECT l.`album_id`, l.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (l.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*)
  FROM `album_assets` l WHERE (l.`trashed_at` IS NULL OR l.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = l.`library_id`)) GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE TRIGGER `assets_add_month` AFTER INSERT ON `assets`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT NEW.`library_id`, NEW.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1, NEW.`album_count` > 0
    WHERE (NEW.`trashed_at` IS NULL OR NEW.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
-- What is there now is added before what was there is taken away: so a month that stays is not deleted in between.
CREATE TRIGGER `assets_change_month` AFTER UPDATE OF `local_us`, `trashed_at`, `album_count` ON `assets`
WHEN NEW.`local_us` <> OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`
  OR (NEW.`album_count` > 0) <> (OLD.`album_count` > 0)
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT NEW.`library_id`, c.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (c.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    c.`n`, c.`n` * (c.`album_count` > 0)
    FROM (SELECT NEW.`trashed_at`, NEW.`local_us`, NEW.`album_count`, 1 AS `n`
      UNION ALL SELECT OLD.`trashed_at`, OLD.`local_us`, OLD.`album_count`, -1) c
    WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_take_month` AFTER DELETE ON `assets`
BEGIN
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT OLD.`library_id`, OLD.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    -1, -(OLD.`album_count` > 0)
    WHERE (OLD.`trashed_at` IS NULL OR OLD.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = OLD.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`, `in_album` = `in_album` + excluded.`in_album`;
END;
--> statement-breakpoint
CREATE TRIGGER `month_counts_end` AFTER UPDATE ON `month_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `month_counts` WHERE `library_id` = NEW.`library_id` AND `trashed` = NEW.`trashed` AND `month` = NEW.`month`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_add_month` AFTER INSERT ON `album_assets`
BEGIN
  INSERT INTO `album_months` (`album_id`, `trashed`, `month`, `assets`)
  SELECT NEW.`album_id`, NEW.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1
    WHERE (NEW.`trashed_at` IS NULL OR NEW.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_change_month` AFTER UPDATE OF `local_us`, `trashed_at` ON `album_assets`
WHEN NEW.`local_us` <> OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`
BEGIN
  INSERT INTO `album_months` (`album_id`, `trashed`, `month`, `assets`)
  SELECT NEW.`album_id`, c.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (c.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    c.`n`
    FROM (SELECT NEW.`trashed_at`, NEW.`local_us`, 1 AS `n` UNION ALL SELECT OLD.`trashed_at`, OLD.`local_us`, -1) c
    WHERE (c.`trashed_at` IS NULL OR c.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = NEW.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_assets_take_month` AFTER DELETE ON `album_assets`
BEGIN
  INSERT INTO `album_months` (`album_id`, `trashed`, `month`, `assets`)
  SELECT OLD.`album_id`, OLD.`trashed_at` IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    -1
    WHERE (OLD.`trashed_at` IS NULL OR OLD.`trashed_at` > (SELECT `emptied_at` FROM `libraries` WHERE `id` = OLD.`library_id`))
  ON CONFLICT DO UPDATE SET `assets` = `assets` + excluded.`assets`;
END;
--> statement-breakpoint
CREATE TRIGGER `album_months_end` AFTER UPDATE ON `album_months` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `album_months` WHERE `album_id` = NEW.`album_id` AND `trashed` = NEW.`trashed` AND `month` = NEW.`month`;
END;
--> statement-breakpoint
-- An emptied trash: all of its months go, and what was trashed later, which is rarely anything, is counted again.
CREATE TRIGGER `libraries_empty_months` AFTER UPDATE OF `emptied_at` ON `libraries`
WHEN NEW.`emptied_at` <> OLD.`emptied_at`
BEGIN
  DELETE FROM `month_counts` WHERE `library_id` = NEW.`id` AND `trashed` = 1;
  INSERT INTO `month_counts` (`library_id`, `trashed`, `month`, `assets`, `in_album`)
  SELECT a.`library_id`, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*), sum(a.`album_count` > 0)
    FROM `assets` a WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`emptied_at` + 1) GROUP BY 3;
  DELETE FROM `album_months` WHERE `trashed` = 1 AND `album_id` IN (SELECT `id` FROM `albums` WHERE `library_id` = NEW.`id`);
  INSERT INTO `album_months` (`album_id`, `trashed`, `month`, `assets`)
  SELECT l.`album_id`, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*)
    FROM `assets` a CROSS JOIN `album_assets` l ON l.`asset_id` = a.`id`
    WHERE a.`library_id` = NEW.`id` AND a.`trashed_at` IS NOT NULL
      AND a.`trash_key` >= printf('%012x', NEW.`emptied_at` + 1) GROUP BY 1, 3;
END;
--> statement-breakpoint
-- The map. A cell is row × 10,000,000 + column, of 0.0002 degrees at the finest of nine levels; a coarser one is
-- those of the finest divided by a whole number, so that cells nest.
INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`)
SELECT a.`library_id`, min(CAST((a.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((a.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    a.`sort_key`, a.`latitude`, a.`longitude`
  FROM `assets` a WHERE a.`trashed_at` IS NULL AND a.`latitude` IS NOT NULL AND a.`longitude` IS NOT NULL;
--> statement-breakpoint
INSERT INTO `map_cells` (`library_id`, `level`, `parent`, `cell`, `assets`, `latitude_sum`, `longitude_sum`,
    `south`, `north`, `west`, `east`, `newest_key`)
SELECT p.`library_id`, l.column1,
    p.`cell` / 10000000 / l.column3 * 10000000 + p.`cell` % 10000000 / l.column3,
    p.`cell` / 10000000 / l.column2 * 10000000 + p.`cell` % 10000000 / l.column2,
    count(*), sum(CAST(round(p.`latitude` * 10000000) AS INTEGER)), sum(CAST(round(p.`longitude` * 10000000) AS INTEGER)),
    min(p.`latitude`), max(p.`latitude`), min(p.`longitude`), max(p.`longitude`), max(p.`sort_key`)
  FROM `map_points` p CROSS JOIN (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l
  GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
CREATE TRIGGER `assets_add_point` AFTER INSERT ON `assets`
WHEN NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL
BEGIN
  INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`)
  VALUES (NEW.`library_id`, min(CAST((NEW.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    NEW.`sort_key`, NEW.`latitude`, NEW.`longitude`);
END;
--> statement-breakpoint
CREATE TRIGGER `assets_change_point` AFTER UPDATE OF `latitude`, `longitude`, `local_us`, `trashed_at` ON `assets`
WHEN NEW.`latitude` IS NOT OLD.`latitude` OR NEW.`longitude` IS NOT OLD.`longitude`
  OR NEW.`local_us` <> OLD.`local_us` OR (NEW.`trashed_at` IS NULL) <> (OLD.`trashed_at` IS NULL)
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
CREATE TRIGGER `assets_take_point` AFTER DELETE ON `assets`
WHEN OLD.`trashed_at` IS NULL AND OLD.`latitude` IS NOT NULL AND OLD.`longitude` IS NOT NULL
BEGIN
  DELETE FROM `map_points` WHERE `library_id` = OLD.`library_id`
    AND `cell` = min(CAST((OLD.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.`longitude` + 180) * 5000 AS INTEGER), 1799999)
    AND `sort_key` = OLD.`sort_key`;
END;
--> statement-breakpoint
CREATE TRIGGER `map_points_add` AFTER INSERT ON `map_points`
BEGIN
  INSERT INTO `map_cells` (`library_id`, `level`, `parent`, `cell`, `assets`, `latitude_sum`, `longitude_sum`,
    `south`, `north`, `west`, `east`, `newest_key`)
  SELECT NEW.`library_id`, l.column1,
    NEW.`cell` / 10000000 / l.column3 * 10000000 + NEW.`cell` % 10000000 / l.column3,
    NEW.`cell` / 10000000 / l.column2 * 10000000 + NEW.`cell` % 10000000 / l.column2,
    1, CAST(round(NEW.`latitude` * 10000000) AS INTEGER), CAST(round(NEW.`longitude` * 10000000) AS INTEGER),
    NEW.`latitude`, NEW.`latitude`, NEW.`longitude`, NEW.`longitude`, NEW.`sort_key`
    FROM (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l WHERE true
  ON CONFLICT DO UPDATE SET `assets` = `assets` + 1,
    `latitude_sum` = `latitude_sum` + excluded.`latitude_sum`, `longitude_sum` = `longitude_sum` + excluded.`longitude_sum`,
    `south` = min(`south`, excluded.`south`), `north` = max(`north`, excluded.`north`),
    `west` = min(`west`, excluded.`west`), `east` = max(`east`, excluded.`east`),
    `newest_key` = max(`newest_key`, excluded.`newest_key`);
END;
--> statement-breakpoint
-- Cells that held nothing else go; in the others the newest is looked up again if it was this one, finest level first,
-- for each level asks the one below it.
CREATE TRIGGER `map_points_take` AFTER DELETE ON `map_points`
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
        (SELECT max(p.`sort_key`) FROM `map_points` p WHERE p.`library_id` = OLD.`library_id` AND p.`cell` = OLD.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 8
      AND `parent` = OLD.`cell` / 10000000 / 5 * 10000000 + OLD.`cell` % 10000000 / 5
      AND `cell` = OLD.`cell`;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 8 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 7
      AND `parent` = OLD.`cell` / 10000000 / 25 * 10000000 + OLD.`cell` % 10000000 / 25
      AND `cell` = OLD.`cell` / 10000000 / 5 * 10000000 + OLD.`cell` % 10000000 / 5;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 7 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 6
      AND `parent` = OLD.`cell` / 10000000 / 100 * 10000000 + OLD.`cell` % 10000000 / 100
      AND `cell` = OLD.`cell` / 10000000 / 25 * 10000000 + OLD.`cell` % 10000000 / 25;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 6 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 5
      AND `parent` = OLD.`cell` / 10000000 / 500 * 10000000 + OLD.`cell` % 10000000 / 500
      AND `cell` = OLD.`cell` / 10000000 / 100 * 10000000 + OLD.`cell` % 10000000 / 100;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 5 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 4
      AND `parent` = OLD.`cell` / 10000000 / 2500 * 10000000 + OLD.`cell` % 10000000 / 2500
      AND `cell` = OLD.`cell` / 10000000 / 500 * 10000000 + OLD.`cell` % 10000000 / 500;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 4 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 3
      AND `parent` = OLD.`cell` / 10000000 / 10000 * 10000000 + OLD.`cell` % 10000000 / 10000
      AND `cell` = OLD.`cell` / 10000000 / 2500 * 10000000 + OLD.`cell` % 10000000 / 2500;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 3 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 2
      AND `parent` = OLD.`cell` / 10000000 / 50000 * 10000000 + OLD.`cell` % 10000000 / 50000
      AND `cell` = OLD.`cell` / 10000000 / 10000 * 10000000 + OLD.`cell` % 10000000 / 10000;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 2 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 1
      AND `parent` = OLD.`cell` / 10000000 / 450000 * 10000000 + OLD.`cell` % 10000000 / 450000
      AND `cell` = OLD.`cell` / 10000000 / 50000 * 10000000 + OLD.`cell` % 10000000 / 50000;
  UPDATE `map_cells` SET `assets` = `assets` - 1,
      `latitude_sum` = `latitude_sum` - CAST(round(OLD.`latitude` * 10000000) AS INTEGER),
      `longitude_sum` = `longitude_sum` - CAST(round(OLD.`longitude` * 10000000) AS INTEGER),
      `newest_key` = iif(`newest_key` > OLD.`sort_key`, `newest_key`,
        (SELECT max(c.`newest_key`) FROM `map_cells` c WHERE c.`library_id` = OLD.`library_id` AND c.`level` = 1 AND c.`parent` = `map_cells`.`cell`))
    WHERE `library_id` = OLD.`library_id` AND `level` = 0
      AND `parent` = 0
      AND `cell` = OLD.`cell` / 10000000 / 450000 * 10000000 + OLD.`cell` % 10000000 / 450000;
END;
