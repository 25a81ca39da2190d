-- Converts the rows of each asset to one row. Running tasks become pending and are due when their claim expires.
-- Two bits of states are a status: 1 pending, 2 success, 3 failure. Their position is that of the type in taskTypes.
INSERT INTO `asset_tasks` (`asset_id`, `library_id`, `user_id`, `tasks`, `states`, `newest_at`, `due_at`, `revision`)
SELECT `asset_id`, max(`library_id`), max(`user_id`),
  json_group_object(`task_type`, json_patch('{}', json_object(
    'status', CASE `status` WHEN 'started' THEN 'pending' ELSE `status` END,
    'result', `result`, 'error', `error_message`, 'retries', nullif(`retry_count`, 0), 'dueAt', `due_at`,
    'createdAt', `created_at`, 'startedAt', `started_at`, 'completedAt', `completed_at`))),
  sum(CASE `status` WHEN 'success' THEN 2 WHEN 'failure' THEN 3 ELSE 1 END
    * CASE `task_type`
      WHEN 'image_quality' THEN 1
      WHEN 'embedding' THEN 4
      WHEN 'face_detection' THEN 16
      WHEN 'face_clustering' THEN 64
      WHEN 'asset_description' THEN 256
      WHEN 'asset_storage_cleanup' THEN 1024
      WHEN 'asset_version_storage_cleanup' THEN 4096
      WHEN 'reverse_geocoding' THEN 16384
      WHEN 'video_thumbnail_extract' THEN 65536
      WHEN 'video_metadata_extract' THEN 262144
      WHEN 'thumbhash' THEN 1048576
      WHEN 'display_proxy_generation' THEN 4194304
      WHEN 'burst_detection' THEN 16777216
      WHEN 'product_update_subscription' THEN 67108864
    END),
  max(`created_at`),
  min(CASE WHEN `status` IN ('pending', 'started') THEN `due_at` END),
  0
FROM `tasks` WHERE `asset_id` IS NOT NULL GROUP BY `asset_id`;
--> statement-breakpoint
-- Deletes the rows that depend on a deleted asset. Its events are deleted by a scheduled sweep, which needs no index.
DROP TRIGGER `assets_delete_dependents`;
--> statement-breakpoint
CREATE TRIGGER `assets_delete_dependents` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `asset_tasks` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `album_assets` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `asset_versions` WHERE `asset_id` = OLD.`id`;
END;
