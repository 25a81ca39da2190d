-- Every change of an embedding, and of the person of its face, gets the next revision of the library. Clustering commits
-- only at the revision that it read. See docs/decisions/0046.
CREATE TRIGGER `face_embeddings_insert` AFTER INSERT ON `face_embeddings`
BEGIN
  INSERT INTO `cluster_states` (`library_id`) VALUES (NEW.`library_id`)
    ON CONFLICT (`library_id`) DO UPDATE SET `revision` = `revision` + 1;
  UPDATE `face_embeddings` SET
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`),
      `waiting` = (SELECT iif(`person_id` IS NULL AND `source` = 'automatic', 2, 0) FROM `faces` WHERE `id` = NEW.`face_id`)
    WHERE `face_id` = NEW.`face_id`;
  INSERT INTO `person_clusters` (`person_id`, `library_id`, `is_stale`, `revision`)
    SELECT f.`person_id`, NEW.`library_id`, 1, s.`revision` FROM `faces` f
      CROSS JOIN `cluster_states` s ON s.`library_id` = NEW.`library_id`
      WHERE f.`id` = NEW.`face_id` AND f.`person_id` IS NOT NULL
    ON CONFLICT (`person_id`) DO UPDATE SET `is_stale` = 1, `is_measured` = 0, `revision` = excluded.`revision`;
END;
--> statement-breakpoint
CREATE TRIGGER `face_embeddings_update` AFTER UPDATE OF `model`, `vector` ON `face_embeddings`
WHEN NEW.`model` <> OLD.`model` OR NEW.`vector` <> OLD.`vector`
BEGIN
  UPDATE `cluster_states` SET `revision` = `revision` + 1, `reset_revision` = `revision` + 1
    WHERE `library_id` = NEW.`library_id`;
  UPDATE `face_embeddings` SET
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`),
      `waiting` = iif(`waiting` > 0, 2, 0)
    WHERE `face_id` = NEW.`face_id`;
  UPDATE `person_clusters` SET `is_stale` = 1, `is_measured` = 0,
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`)
    WHERE `person_id` = (SELECT `person_id` FROM `faces` WHERE `id` = NEW.`face_id`);
END;
--> statement-breakpoint
-- Clustering writes the new sums of its own assignments in the same batch, which ends the mark.
CREATE TRIGGER `faces_update_cluster` AFTER UPDATE OF `person_id` ON `faces`
WHEN NEW.`person_id` IS NOT OLD.`person_id` AND NEW.`library_id` = OLD.`library_id`
  AND EXISTS (SELECT 1 FROM `face_embeddings` WHERE `face_id` = NEW.`id`)
BEGIN
  UPDATE `cluster_states` SET `revision` = `revision` + 1 WHERE `library_id` = NEW.`library_id`;
  UPDATE `face_embeddings` SET `waiting` = iif(NEW.`person_id` IS NULL AND NEW.`source` = 'automatic', 2, 0),
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`)
    WHERE `face_id` = NEW.`id`;
  UPDATE `person_clusters` SET `is_stale` = 1, `is_measured` = 0,
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`)
    WHERE `person_id` = OLD.`person_id`;
  INSERT INTO `person_clusters` (`person_id`, `library_id`, `is_stale`, `revision`)
    SELECT NEW.`person_id`, NEW.`library_id`, 1, s.`revision` FROM `cluster_states` s
      WHERE s.`library_id` = NEW.`library_id` AND NEW.`person_id` IS NOT NULL
    ON CONFLICT (`person_id`) DO UPDATE SET `is_stale` = 1, `is_measured` = 0, `revision` = excluded.`revision`;
END;
--> statement-breakpoint
-- A moved face leaves its person and its rejections behind, and is compared again in the other library.
CREATE TRIGGER `faces_move_cluster` AFTER UPDATE OF `library_id` ON `faces` WHEN NEW.`library_id` <> OLD.`library_id`
BEGIN
  DELETE FROM `face_rejections` WHERE `face_id` = NEW.`id`;
  INSERT INTO `cluster_states` (`library_id`)
    SELECT NEW.`library_id` WHERE EXISTS (SELECT 1 FROM `face_embeddings` WHERE `face_id` = NEW.`id`)
    ON CONFLICT (`library_id`) DO UPDATE SET `revision` = `revision` + 1;
  UPDATE `cluster_states` SET `revision` = `revision` + 1, `reset_revision` = `revision` + 1
    WHERE `library_id` = OLD.`library_id`;
  UPDATE `person_clusters` SET `is_stale` = 1, `is_measured` = 0,
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = OLD.`library_id`)
    WHERE `person_id` = OLD.`person_id`;
  UPDATE `face_embeddings` SET `library_id` = NEW.`library_id`,
      `waiting` = iif(NEW.`person_id` IS NULL AND NEW.`source` = 'automatic', 2, 0),
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = NEW.`library_id`)
    WHERE `face_id` = NEW.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `faces_delete_embedding` AFTER DELETE ON `faces`
BEGIN
  DELETE FROM `face_rejections` WHERE `face_id` = OLD.`id`;
  UPDATE `cluster_states` SET `revision` = `revision` + 1, `reset_revision` = `revision` + 1
    WHERE `library_id` = OLD.`library_id` AND EXISTS (SELECT 1 FROM `face_embeddings` WHERE `face_id` = OLD.`id`);
  UPDATE `person_clusters` SET `is_stale` = 1, `is_measured` = 0,
      `revision` = (SELECT `revision` FROM `cluster_states` WHERE `library_id` = OLD.`library_id`)
    WHERE `person_id` = OLD.`person_id` AND EXISTS (SELECT 1 FROM `face_embeddings` WHERE `face_id` = OLD.`id`);
  DELETE FROM `face_embeddings` WHERE `face_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `people_delete_cluster` AFTER DELETE ON `people`
BEGIN
  DELETE FROM `face_rejections` WHERE `person_id` = OLD.`id`;
  UPDATE `cluster_states` SET `revision` = `revision` + 1, `reset_revision` = `revision` + 1
    WHERE `library_id` = OLD.`library_id` AND EXISTS (SELECT 1 FROM `person_clusters` WHERE `person_id` = OLD.`id`);
  DELETE FROM `person_clusters` WHERE `person_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `libraries_delete_clusters` AFTER DELETE ON `libraries`
BEGIN
  DELETE FROM `cluster_states` WHERE `library_id` = OLD.`id`;
  DELETE FROM `face_runs` WHERE `library_id` = OLD.`id`;
END;
