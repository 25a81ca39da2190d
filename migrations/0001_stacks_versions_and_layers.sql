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
CREATE TABLE `version_deletions` (
	`version_id` text PRIMARY KEY NOT NULL,
	`asset_id` text NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `version_deletions_due` ON `version_deletions` (`due_at`);--> statement-breakpoint
ALTER TABLE `assets` ADD `original_version_id` text;--> statement-breakpoint
ALTER TABLE `assets` ADD `version_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `assets` ADD `unstacked_at` integer;--> statement-breakpoint
ALTER TABLE `assets` ADD `auto_stack_id` text GENERATED ALWAYS AS ((json_extract("file_metadata", '$.autoStackId'))) VIRTUAL;--> statement-breakpoint
ALTER TABLE `assets` ADD `user_metadata` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `assets` ADD `derived_metadata` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX `assets_by_sha1` ON `assets` (`library_id`,`checksum_sha1`);--> statement-breakpoint
CREATE INDEX `assets_by_device` ON `assets` (`library_id`,`device_id`,`device_asset_id`);--> statement-breakpoint
CREATE INDEX `assets_by_burst` ON `assets` (`library_id`,`auto_stack_id`,`sort_key`) WHERE "auto_stack_id" IS NOT NULL;--> statement-breakpoint
ALTER TABLE `libraries` ADD `drain_at` integer;--> statement-breakpoint
CREATE INDEX `libraries_to_drain` ON `libraries` (`drain_at`) WHERE "drain_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `album_assets_by_id` ON `album_assets` (`library_id`,`id`);--> statement-breakpoint
CREATE INDEX `album_assets_by_album` ON `album_assets` (`album_id`,`id`);--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`library_id`,`created_at`,`seq`);--> statement-breakpoint
CREATE INDEX `events_by_entity` ON `events` (`entity_id`);