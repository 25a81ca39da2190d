-- A poster is of the film if its task made it. The task reopened thumbhash no later than it started. A client sends later
-- ones, and the origin of any other poster stays unknown.
UPDATE `assets` SET `poster_source` = 'film' WHERE `poster_version_id` IS NOT NULL AND EXISTS (
  SELECT 1 FROM `asset_tasks` k WHERE k.`asset_id` = `assets`.`id`
    AND json_extract(k.`tasks`, '$.video_thumbnail_extract.status') = 'success'
    AND json_extract(k.`tasks`, '$.video_thumbnail_extract.result') <> 'the video already has a poster'
    AND json_extract(k.`tasks`, '$.video_thumbnail_extract.result') NOT LIKE 'skipped%'
    AND json_extract(k.`tasks`, '$.thumbhash.dueAt') <= json_extract(k.`tasks`, '$.video_thumbnail_extract.startedAt'));
--> statement-breakpoint
-- The film of a live photo gets another poster when its still photo can be shown, or changes its image, is trashed,
-- restored or moved, and when the film is restored or moved. 65536 is the weight of video_thumbnail_extract in the states.
CREATE TRIGGER `assets_update_live_photo` AFTER UPDATE OF `thumbhash`, `trashed_at`, `library_id` ON `assets`
WHEN NEW.`live_photo_cid` IS NOT NULL AND (NEW.`library_id` <> OLD.`library_id`
  OR (NEW.`media_type` = 'video' AND OLD.`trashed_at` IS NOT NULL AND NEW.`trashed_at` IS NULL)
  OR (NEW.`media_type` = 'image' AND (OLD.`trashed_at` IS NULL) <> (NEW.`trashed_at` IS NULL))
  OR (NEW.`media_type` = 'image' AND NEW.`thumbhash` IS NOT NULL AND NEW.`thumbhash` IS NOT OLD.`thumbhash`))
BEGIN
  UPDATE `asset_tasks` SET
    `tasks` = json_patch(`tasks`, json_object('video_thumbnail_extract', json_object('status', 'pending',
      'dueAt', NEW.`updated_at`, 'retries', NULL, 'result', NULL, 'outcome', NULL, 'completedAt', NULL))),
    `states` = `states` + (1 - `states` / 65536 % 4) * 65536,
    `due_at` = min(coalesce(`due_at`, NEW.`updated_at`), NEW.`updated_at`),
    `revision` = `revision` + 1
  WHERE json_type(`tasks`, '$.video_thumbnail_extract') IS NOT NULL AND `asset_id` IN (
    SELECT f.`id` FROM `assets` f INDEXED BY `assets_by_live_photo`
    WHERE f.`library_id` IN (OLD.`library_id`, NEW.`library_id`) AND f.`live_photo_cid` = NEW.`live_photo_cid`
      AND f.`media_type` = 'video' AND (f.`poster_version_id` IS NULL OR f.`poster_source` <> 'client'));
END;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_live_photo` AFTER DELETE ON `assets`
WHEN OLD.`live_photo_cid` IS NOT NULL AND OLD.`media_type` = 'image'
BEGIN
  UPDATE `asset_tasks` SET
    `tasks` = json_patch(`tasks`, json_object('video_thumbnail_extract', json_object('status', 'pending',
      'dueAt', OLD.`updated_at`, 'retries', NULL, 'result', NULL, 'outcome', NULL, 'completedAt', NULL))),
    `states` = `states` + (1 - `states` / 65536 % 4) * 65536,
    `due_at` = min(coalesce(`due_at`, OLD.`updated_at`), OLD.`updated_at`),
    `revision` = `revision` + 1
  WHERE json_type(`tasks`, '$.video_thumbnail_extract') IS NOT NULL AND `asset_id` IN (
    SELECT f.`id` FROM `assets` f INDEXED BY `assets_by_live_photo`
    WHERE f.`library_id` = OLD.`library_id` AND f.`live_photo_cid` = OLD.`live_photo_cid`
      AND f.`media_type` = 'video' AND f.`poster_source` NOT IN ('client', 'film', 'outdated'));
END;
