-- Totals of map cells on nine levels. See docs/decisions/0015.
-- A coarser cell is the row and column of the finest level divided by an integer, so that cells nest.
CREATE TRIGGER `map_points_insert` AFTER INSERT ON `map_points`
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
-- Deletes cells that become empty. In the other cells a removed newest asset is replaced by the next newest one,
-- finest level first, because each level reads the one below it.
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
