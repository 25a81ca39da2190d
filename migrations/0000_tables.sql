-- WITHOUT ROWID is added by hand, because drizzle-kit does not generate it. It saves the second row of each write.
CREATE TABLE `album_assets` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`album_id` text NOT NULL,
	`asset_id` text NOT NULL,
	`local_us` integer NOT NULL,
	`trashed_at` integer,
	`sort_key` text GENERATED ALWAYS AS ((printf('%016x', "local_us" + 4611686018427387904) || "asset_id")) VIRTUAL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `album_assets_pair` ON `album_assets` (`album_id`,`asset_id`);--> statement-breakpoint
CREATE INDEX `album_assets_live` ON `album_assets` (`album_id`,`sort_key`) WHERE "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `album_assets_trashed` ON `album_assets` (`album_id`,`sort_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `album_assets_by_asset` ON `album_assets` (`asset_id`,`album_id`);--> statement-breakpoint
CREATE INDEX `album_assets_by_id` ON `album_assets` (`library_id`,`id`);--> statement-breakpoint
CREATE INDEX `album_assets_by_album` ON `album_assets` (`album_id`,`id`);--> statement-breakpoint
CREATE TABLE `album_month_counts` (
	`album_id` text NOT NULL,
	`trashed` integer NOT NULL,
	`month` integer NOT NULL,
	`assets` integer NOT NULL,
	PRIMARY KEY(`album_id`, `trashed`, `month`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `albums` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`asset_count` integer DEFAULT 0 NOT NULL,
	`start_us` integer,
	`start_offset_minutes` integer,
	`end_us` integer,
	`end_offset_minutes` integer,
	`pinned_cover_id` text,
	`newest_asset_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `albums_by_library` ON `albums` (`library_id`,`id`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text,
	`secret_hash` text NOT NULL,
	`actions` text NOT NULL,
	`library_ids` text,
	`is_active` integer DEFAULT true NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_secret_hash_unique` ON `api_keys` (`secret_hash`);--> statement-breakpoint
CREATE INDEX `api_keys_by_user` ON `api_keys` (`user_id`,`id`);--> statement-breakpoint
CREATE TABLE `asset_cleanups` (
	`asset_id` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `asset_cleanups_due` ON `asset_cleanups` (`due_at`);--> statement-breakpoint
CREATE TABLE `asset_versions` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`asset_id` text NOT NULL,
	`position` integer NOT NULL,
	`kind` text NOT NULL,
	`mime_type` text NOT NULL,
	`width` integer NOT NULL,
	`height` integer NOT NULL,
	`file_size_bytes` integer NOT NULL,
	`checksum` text NOT NULL,
	`sent_checksum` text,
	`params` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `asset_versions_by_asset` ON `asset_versions` (`asset_id`,`position`);--> statement-breakpoint
CREATE TABLE `assets` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`checksum` text NOT NULL,
	`checksum_sha1` text NOT NULL,
	`file_size_bytes` integer NOT NULL,
	`mime_type` text NOT NULL,
	`media_type` text NOT NULL,
	`original_file_name` text NOT NULL,
	`device_id` text NOT NULL,
	`device_asset_id` text NOT NULL,
	`file_created_at` text NOT NULL,
	`file_modified_at` text NOT NULL,
	`local_us` integer NOT NULL,
	`local_offset_minutes` integer,
	`sort_key` text GENERATED ALWAYS AS ((printf('%016x', "local_us" + 4611686018427387904) || "id")) VIRTUAL,
	`trash_key` text GENERATED ALWAYS AS ((printf('%012x', "trashed_at") || "id")) VIRTUAL,
	`width` integer DEFAULT 0 NOT NULL,
	`height` integer DEFAULT 0 NOT NULL,
	`duration_seconds` real,
	`thumbhash` text,
	`description` text,
	`metrics` text,
	`kind` text DEFAULT 'original' NOT NULL,
	`current_version_id` text NOT NULL,
	`original_version_id` text,
	`version_bytes` integer DEFAULT 0 NOT NULL,
	`poster_version_id` text,
	`stack_id` text,
	`unstacked_at` integer,
	`latitude` real,
	`longitude` real,
	`album_count` integer DEFAULT 0 NOT NULL,
	`file_metadata` text NOT NULL,
	`auto_stack_id` text GENERATED ALWAYS AS ((json_extract("file_metadata", '$.autoStackId'))) VIRTUAL,
	`user_metadata` text DEFAULT '{}' NOT NULL,
	`derived_metadata` text DEFAULT '{}' NOT NULL,
	`metadata_updated_at` integer NOT NULL,
	`trashed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `assets_by_checksum` ON `assets` (`library_id`,`checksum`);--> statement-breakpoint
CREATE INDEX `assets_by_sha1` ON `assets` (`library_id`,`checksum_sha1`);--> statement-breakpoint
CREATE INDEX `assets_by_device` ON `assets` (`library_id`,`device_id`,`device_asset_id`);--> statement-breakpoint
CREATE INDEX `assets_by_burst` ON `assets` (`library_id`,`auto_stack_id`,`sort_key`) WHERE "auto_stack_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_live` ON `assets` (`library_id`,`sort_key`) WHERE "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `assets_all` ON `assets` (`library_id`,`sort_key`);--> statement-breakpoint
CREATE INDEX `assets_trashed` ON `assets` (`library_id`,`trash_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_trashed_by_time` ON `assets` (`library_id`,`sort_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_trashed_by_bucket` ON `assets` (`library_id`,("local_us" / 2592000000000),`trash_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_by_media_type` ON `assets` (`library_id`,`media_type`,`sort_key`) WHERE "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `assets_by_in_album` ON `assets` (`library_id`,("album_count" > 0),`sort_key`) WHERE "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `assets_by_stack` ON `assets` (`library_id`,`stack_id`,`sort_key`) WHERE "stack_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_0` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 90.00 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 90.00 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_1` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 15.00 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 15.00 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_2` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 3.00 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 3.00 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_3` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 0.50 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 0.50 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_4` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 0.10 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 0.10 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_cell_5` ON `assets` (`library_id`,(CAST(("latitude" + 90) / 0.02 AS INTEGER) * 100000 + CAST(("longitude" + 180) / 0.02 AS INTEGER)),`sort_key`) WHERE "trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`library_id` text NOT NULL,
	`event_type` text NOT NULL,
	`entity_type` text NOT NULL,
	`entity_id` text NOT NULL,
	`payload` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_by_library` ON `events` (`library_id`,`seq`);--> statement-breakpoint
CREATE INDEX `events_by_type` ON `events` (`library_id`,`entity_type`,`seq`);--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`library_id`,`created_at`,`seq`);--> statement-breakpoint
CREATE INDEX `events_by_entity` ON `events` (`entity_id`);--> statement-breakpoint
CREATE TABLE `integrity_findings` (
	`report_id` integer NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`expected_bytes` integer,
	`stored_bytes` integer,
	PRIMARY KEY(`report_id`, `kind`, `subject`)
);
--> statement-breakpoint
CREATE TABLE `integrity_reports` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`position` text NOT NULL,
	`assets_checked` integer DEFAULT 0 NOT NULL,
	`objects_checked` integer DEFAULT 0 NOT NULL,
	`missing_count` integer DEFAULT 0 NOT NULL,
	`orphan_count` integer DEFAULT 0 NOT NULL,
	`mismatch_count` integer DEFAULT 0 NOT NULL,
	`started_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer
);
--> statement-breakpoint
CREATE TABLE `libraries` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`asset_count` integer DEFAULT 0 NOT NULL,
	`storage_used_bytes` integer DEFAULT 0 NOT NULL,
	`storage_limit_bytes` integer,
	`trashed_at` integer,
	`purge_at` integer,
	`trash_cleared_at` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `libraries_by_user` ON `libraries` (`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `libraries_to_purge` ON `libraries` (`purge_at`) WHERE "purge_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `map_cells` (
	`library_id` text NOT NULL,
	`level` integer NOT NULL,
	`parent` integer NOT NULL,
	`cell` integer NOT NULL,
	`assets` integer NOT NULL,
	`latitude_sum` integer NOT NULL,
	`longitude_sum` integer NOT NULL,
	`south` real NOT NULL,
	`north` real NOT NULL,
	`west` real NOT NULL,
	`east` real NOT NULL,
	`newest_key` text NOT NULL,
	PRIMARY KEY(`library_id`, `level`, `parent`, `cell`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `map_points` (
	`library_id` text NOT NULL,
	`cell` integer NOT NULL,
	`sort_key` text NOT NULL,
	`latitude` real NOT NULL,
	`longitude` real NOT NULL,
	PRIMARY KEY(`library_id`, `cell`, `sort_key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `month_counts` (
	`library_id` text NOT NULL,
	`trashed` integer NOT NULL,
	`month` integer NOT NULL,
	`assets` integer NOT NULL,
	`in_album` integer NOT NULL,
	PRIMARY KEY(`library_id`, `trashed`, `month`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `stacks` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`origin` text NOT NULL,
	`primary_asset_id` text,
	`asset_count` integer DEFAULT 0 NOT NULL,
	`member_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `stacks_by_library` ON `stacks` (`library_id`,`id`);--> statement-breakpoint
CREATE INDEX `stacks_by_origin` ON `stacks` (`library_id`,`origin`,`id`);--> statement-breakpoint
CREATE INDEX `stacks_by_primary` ON `stacks` (`library_id`,`primary_asset_id`,`id`) WHERE "primary_asset_id" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `sweep_positions` (
	`name` text PRIMARY KEY NOT NULL,
	`position` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`asset_id` text,
	`task_type` text NOT NULL,
	`celery_task_id` text NOT NULL,
	`status` text NOT NULL,
	`result` text,
	`error_message` text,
	`retry_count` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`completed_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_by_asset` ON `tasks` (`asset_id`,`task_type`);--> statement-breakpoint
CREATE INDEX `tasks_by_library` ON `tasks` (`library_id`,`id`);--> statement-breakpoint
CREATE INDEX `tasks_by_status` ON `tasks` (`library_id`,`status`,`task_type`,`id`);--> statement-breakpoint
CREATE INDEX `tasks_by_celery_task_id` ON `tasks` (`celery_task_id`);--> statement-breakpoint
CREATE INDEX `tasks_due` ON `tasks` (`due_at`) WHERE "status" IN ('pending', 'started');--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`subject` text NOT NULL,
	`email` text,
	`first_name` text,
	`last_name` text,
	`timezone` text,
	`is_active` integer DEFAULT true NOT NULL,
	`is_verified` integer DEFAULT true NOT NULL,
	`is_superuser` integer DEFAULT false NOT NULL,
	`storage_used_bytes` integer DEFAULT 0 NOT NULL,
	`storage_limit_bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_subject_unique` ON `users` (`subject`);--> statement-breakpoint
CREATE TABLE `version_cleanups` (
	`version_id` text PRIMARY KEY NOT NULL,
	`asset_id` text NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `version_cleanups_due` ON `version_cleanups` (`due_at`);
