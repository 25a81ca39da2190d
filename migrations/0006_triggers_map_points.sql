-- Positions of live assets. See docs/decisions/0015.
-- A cell is row * 10,000,000 + column at 0.0002 degrees, the finest of nine levels.
CREATE TRIGGER `assets_insert_map_point` AFTER INSERT ON `assets`
WHEN NEW.`trashed_at` IS NULL AND NEW.`latitude` IS NOT NULL AND NEW.`longitude` IS NOT NULL
BEGIN
  INSERT INTO `map_points` (`library_id`, `cell`, `sort_key`, `latitude`, `longitude`)
  VALUES (NEW.`library_id`, min(CAST((NEW.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.`longitude` + 180) * 5000 AS INTEGER), 1799999),
    NEW.`sort_key`, NEW.`latitude`, NEW.`longitude`);
END;
--> statement-breakpoint
CREATE TRIGGER `assets_update_map_point` AFTER UPDATE OF `latitude`, `longitude`, `local_us`, `trashed_at` ON `assets`
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
CREATE TRIGGER `assets_delete_map_point` AFTER DELETE ON `assets`
WHEN OLD.`trashed_at` IS NULL AND OLD.`latitude` IS NOT NULL AND OLD.`longitude` IS NOT NULL
BEGIN
  DELETE FROM `map_points` WHERE `library_id` = OLD.`library_id`
    AND `cell` = min(CAST((OLD.`latitude` + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.`longitude` + 180) * 5000 AS INTEGER), 1799999)
    AND `sort_key` = OLD.`sort_key`;
END;
