-- Faces are deleted with their asset. See docs/decisions/0044.
CREATE TRIGGER `assets_delete_faces` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `faces` WHERE `asset_id` = OLD.`id`;
END;
--> statement-breakpoint
-- Faces of each person.
CREATE TRIGGER `faces_insert_person_count` AFTER INSERT ON `faces` WHEN NEW.`person_id` IS NOT NULL
BEGIN
  UPDATE `people` SET `face_count` = `face_count` + 1 WHERE `id` = NEW.`person_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_update_person_count` AFTER UPDATE OF `person_id` ON `faces`
WHEN NEW.`person_id` IS NOT OLD.`person_id`
BEGIN
  UPDATE `people` SET `face_count` = `face_count` - 1 WHERE `id` = OLD.`person_id`;
  UPDATE `people` SET `face_count` = `face_count` + 1 WHERE `id` = NEW.`person_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_delete_person_count` AFTER DELETE ON `faces` WHEN OLD.`person_id` IS NOT NULL
BEGIN
  UPDATE `people` SET `face_count` = `face_count` - 1 WHERE `id` = OLD.`person_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_trash_faces` AFTER UPDATE OF `trashed_at` ON `assets`
WHEN NEW.`trashed_at` IS NOT OLD.`trashed_at`
BEGIN
  UPDATE `faces` SET `trashed_at` = NEW.`trashed_at` WHERE `asset_id` = NEW.`id`;
END;
