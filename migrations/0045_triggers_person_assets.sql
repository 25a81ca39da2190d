-- People on assets, from the faces. See docs/decisions/0045. Faces exist since the migration before, so no rows are filled.
CREATE TRIGGER `faces_insert_person_asset` AFTER INSERT ON `faces` WHEN NEW.`person_id` IS NOT NULL
BEGIN
  INSERT INTO `person_assets` (`asset_id`, `person_id`, `library_id`, `face_count`, `is_paired`, `local_us`, `trashed_at`)
  SELECT a.`id`, NEW.`person_id`, a.`library_id`, 1,
    (SELECT count(*) FROM `person_assets` WHERE `asset_id` = a.`id` AND `is_paired` = 1) < 20, a.`local_us`, a.`trashed_at`
    FROM `assets` a WHERE a.`id` = NEW.`asset_id`
  ON CONFLICT (`asset_id`, `person_id`) DO UPDATE SET `face_count` = `face_count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_update_person_asset` AFTER UPDATE OF `person_id` ON `faces`
WHEN NEW.`person_id` IS NOT OLD.`person_id`
BEGIN
  UPDATE `person_assets` SET `face_count` = `face_count` - 1
    WHERE `asset_id` = OLD.`asset_id` AND `person_id` = OLD.`person_id`;
  INSERT INTO `person_assets` (`asset_id`, `person_id`, `library_id`, `face_count`, `is_paired`, `local_us`, `trashed_at`)
  SELECT a.`id`, NEW.`person_id`, a.`library_id`, 1,
    (SELECT count(*) FROM `person_assets` WHERE `asset_id` = a.`id` AND `is_paired` = 1) < 20, a.`local_us`, a.`trashed_at`
    FROM `assets` a WHERE a.`id` = NEW.`asset_id` AND NEW.`person_id` IS NOT NULL
  ON CONFLICT (`asset_id`, `person_id`) DO UPDATE SET `face_count` = `face_count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_delete_person_asset` AFTER DELETE ON `faces` WHEN OLD.`person_id` IS NOT NULL
BEGIN
  UPDATE `person_assets` SET `face_count` = `face_count` - 1
    WHERE `asset_id` = OLD.`asset_id` AND `person_id` = OLD.`person_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `person_assets_delete_empty` AFTER UPDATE OF `face_count` ON `person_assets` WHEN NEW.`face_count` = 0
BEGIN
  DELETE FROM `person_assets` WHERE `asset_id` = NEW.`asset_id` AND `person_id` = NEW.`person_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `person_assets_insert_pairs` AFTER INSERT ON `person_assets` WHEN NEW.`trashed_at` IS NULL
BEGIN
  UPDATE `people` SET `asset_count` = `asset_count` + 1 WHERE `id` = NEW.`person_id`;
  INSERT INTO `person_pairs` (`library_id`, `low_id`, `high_id`, `sort_key`, `local_us`)
    VALUES (NEW.`library_id`, NEW.`person_id`, NEW.`person_id`, NEW.`sort_key`, NEW.`local_us`);
  INSERT INTO `person_pairs` (`library_id`, `low_id`, `high_id`, `sort_key`, `local_us`)
  SELECT NEW.`library_id`, min(NEW.`person_id`, o.`person_id`), max(NEW.`person_id`, o.`person_id`), NEW.`sort_key`,
    NEW.`local_us`
    FROM `person_assets` o
    WHERE o.`asset_id` = NEW.`asset_id` AND o.`is_paired` = 1 AND o.`person_id` <> NEW.`person_id` AND NEW.`is_paired` = 1;
END;
--> statement-breakpoint
CREATE TRIGGER `person_assets_delete_pairs` AFTER DELETE ON `person_assets` WHEN OLD.`trashed_at` IS NULL
BEGIN
  UPDATE `people` SET `asset_count` = `asset_count` - 1 WHERE `id` = OLD.`person_id`;
  DELETE FROM `person_pairs` WHERE `library_id` = OLD.`library_id` AND `low_id` = OLD.`person_id`
    AND `high_id` = OLD.`person_id` AND `sort_key` = OLD.`sort_key`;
  DELETE FROM `person_pairs` WHERE (`library_id`, `low_id`, `high_id`, `sort_key`) IN (
    SELECT OLD.`library_id`, min(OLD.`person_id`, o.`person_id`), max(OLD.`person_id`, o.`person_id`), OLD.`sort_key`
    FROM `person_assets` o
    WHERE o.`asset_id` = OLD.`asset_id` AND o.`is_paired` = 1 AND o.`person_id` <> OLD.`person_id` AND OLD.`is_paired` = 1);
END;
--> statement-breakpoint
CREATE TRIGGER `assets_update_person_assets` AFTER UPDATE OF `local_us`, `trashed_at` ON `assets`
WHEN (NEW.`local_us` <> OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`)
  AND EXISTS (SELECT 1 FROM `person_assets` WHERE `asset_id` = NEW.`id`)
BEGIN
  DELETE FROM `person_pairs` WHERE OLD.`trashed_at` IS NULL AND (`library_id`, `low_id`, `high_id`, `sort_key`) IN (
    SELECT l.`library_id`, l.`person_id`, h.`person_id`, OLD.`sort_key`
    FROM `person_assets` l CROSS JOIN `person_assets` h
    WHERE l.`asset_id` = OLD.`id` AND h.`asset_id` = OLD.`id` AND h.`person_id` >= l.`person_id`
      AND (h.`person_id` = l.`person_id` OR (l.`is_paired` = 1 AND h.`is_paired` = 1)));
  UPDATE `people` SET `asset_count` = `asset_count` + (NEW.`trashed_at` IS NULL) - (OLD.`trashed_at` IS NULL)
    WHERE (NEW.`trashed_at` IS NULL) <> (OLD.`trashed_at` IS NULL)
      AND `id` IN (SELECT `person_id` FROM `person_assets` WHERE `asset_id` = NEW.`id`);
  UPDATE `person_assets` SET `local_us` = NEW.`local_us`, `trashed_at` = NEW.`trashed_at` WHERE `asset_id` = NEW.`id`;
  INSERT INTO `person_pairs` (`library_id`, `low_id`, `high_id`, `sort_key`, `local_us`)
  SELECT l.`library_id`, l.`person_id`, h.`person_id`, NEW.`sort_key`, NEW.`local_us`
    FROM `person_assets` l CROSS JOIN `person_assets` h
    WHERE NEW.`trashed_at` IS NULL AND l.`asset_id` = NEW.`id` AND h.`asset_id` = NEW.`id` AND h.`person_id` >= l.`person_id`
      AND (h.`person_id` = l.`person_id` OR (l.`is_paired` = 1 AND h.`is_paired` = 1));
END;
--> statement-breakpoint
CREATE TRIGGER `person_pairs_insert_month` AFTER INSERT ON `person_pairs`
BEGIN
  INSERT INTO `person_month_counts` (`library_id`, `low_id`, `high_id`, `month`, `assets`)
  VALUES (NEW.`library_id`, NEW.`low_id`, NEW.`high_id`,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1)
  ON CONFLICT DO UPDATE SET `assets` = `assets` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `person_pairs_delete_month` AFTER DELETE ON `person_pairs`
BEGIN
  UPDATE `person_month_counts` SET `assets` = `assets` - 1
    WHERE `library_id` = OLD.`library_id` AND `low_id` = OLD.`low_id` AND `high_id` = OLD.`high_id` AND `month` =
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER);
END;
--> statement-breakpoint
CREATE TRIGGER `person_month_counts_delete_empty` AFTER UPDATE ON `person_month_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `person_month_counts` WHERE `library_id` = NEW.`library_id` AND `low_id` = NEW.`low_id`
    AND `high_id` = NEW.`high_id` AND `month` = NEW.`month`;
END;
--> statement-breakpoint
-- The crop of a face is a derived file named after the face and its box. Without it or with another box, its URL has
-- ended, and its object is deleted by a cleanup record. Crops of deleted assets are deleted with the asset.
CREATE TRIGGER `faces_delete_crop` AFTER DELETE ON `faces`
WHEN EXISTS (SELECT 1 FROM `assets` WHERE `id` = OLD.`asset_id`)
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`asset_id`
    AND `name` = OLD.`id` || '-' || OLD.`x` || '-' || OLD.`y` || '-' || OLD.`w` || '-' || OLD.`h`;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_update_crop` AFTER UPDATE OF `x`, `y`, `w`, `h` ON `faces`
WHEN NEW.`x` <> OLD.`x` OR NEW.`y` <> OLD.`y` OR NEW.`w` <> OLD.`w` OR NEW.`h` <> OLD.`h`
BEGIN
  DELETE FROM `derived_files` WHERE `asset_id` = OLD.`asset_id`
    AND `name` = OLD.`id` || '-' || OLD.`x` || '-' || OLD.`y` || '-' || OLD.`w` || '-' || OLD.`h`;
END;
--> statement-breakpoint
CREATE TRIGGER `derived_files_delete_crop` AFTER DELETE ON `derived_files`
WHEN substr(OLD.`name`, 1, 5) = 'face_' AND EXISTS (SELECT 1 FROM `assets` WHERE `id` = OLD.`asset_id`)
BEGIN
  INSERT INTO `crop_cleanups` (`asset_id`, `version_id`, `name`, `due_at`) VALUES (OLD.`asset_id`, OLD.`version_id`, OLD.`name`, 0)
    ON CONFLICT DO UPDATE SET `due_at` = 0, `passes` = 0;
  INSERT INTO `cache_purges` (`tag`, `library_id`, `requested_at`)
  SELECT substr(OLD.`name`, 1, 27), a.`library_id`, unixepoch() FROM `assets` a WHERE a.`id` = OLD.`asset_id`
    ON CONFLICT (`tag`) DO UPDATE SET `passes` = 0, `due_at` = 0, `requested_at` = excluded.`requested_at`
    WHERE `passes` > 0;
END;
