-- Albums of a library without the deleted ones, for the cap on them.
UPDATE `libraries` SET `album_count` = (SELECT count(*) FROM `albums`
  WHERE `albums`.`library_id` = `libraries`.`id` AND `albums`.`deleted_at` IS NULL);
--> statement-breakpoint
CREATE TRIGGER `albums_insert_count` AFTER INSERT ON `albums`
WHEN NEW.`deleted_at` IS NULL
BEGIN
  UPDATE `libraries` SET `album_count` = `album_count` + 1 WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `albums_update_count` AFTER UPDATE OF `deleted_at` ON `albums`
WHEN (NEW.`deleted_at` IS NULL) <> (OLD.`deleted_at` IS NULL)
BEGIN
  UPDATE `libraries` SET `album_count` = `album_count` + (NEW.`deleted_at` IS NULL) - (OLD.`deleted_at` IS NULL)
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `albums_delete_count` AFTER DELETE ON `albums`
WHEN OLD.`deleted_at` IS NULL
BEGIN
  UPDATE `libraries` SET `album_count` = `album_count` - 1 WHERE `id` = OLD.`library_id`;
END;
