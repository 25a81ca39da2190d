-- A statement that sets a name without its folded form is of an older release: the name is folded when it is needed.
CREATE TRIGGER `albums_update_name` AFTER UPDATE OF `name` ON `albums`
WHEN NEW.`name` IS NOT OLD.`name` AND NEW.`folded_name` IS OLD.`folded_name`
BEGIN
  UPDATE `albums` SET `folded_name` = NULL WHERE `id` = NEW.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `libraries_update_name` AFTER UPDATE OF `name` ON `libraries`
WHEN NEW.`name` IS NOT OLD.`name` AND NEW.`folded_name` IS OLD.`folded_name`
BEGIN
  UPDATE `libraries` SET `folded_name` = NULL WHERE `id` = NEW.`id`;
END;
