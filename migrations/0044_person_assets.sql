CREATE TABLE `crop_cleanups` (
	`asset_id` text NOT NULL,
	`version_id` text NOT NULL,
	`name` text NOT NULL,
	`due_at` integer NOT NULL,
	`passes` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`asset_id`, `version_id`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `crop_cleanups_due` ON `crop_cleanups` (`due_at`);--> statement-breakpoint
CREATE TABLE `person_assets` (
	`asset_id` text NOT NULL,
	`person_id` text NOT NULL,
	`library_id` text NOT NULL,
	`face_count` integer NOT NULL,
	`is_paired` integer NOT NULL,
	`local_us` integer NOT NULL,
	`trashed_at` integer,
	`sort_key` text GENERATED ALWAYS AS ((printf('%016x', "local_us" + 4611686018427387904) || "asset_id")) VIRTUAL,
	`trash_key` text GENERATED ALWAYS AS ((printf('%012x', "trashed_at") || "asset_id")) VIRTUAL,
	PRIMARY KEY(`asset_id`, `person_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `person_assets_unpaired` ON `person_assets` (`library_id`,`person_id`,`sort_key`) WHERE "is_paired" = 0 AND "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `person_assets_trashed` ON `person_assets` (`library_id`,`person_id`,`trash_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `person_assets_trashed_by_time` ON `person_assets` (`library_id`,`person_id`,`sort_key`) WHERE "trashed_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `person_month_counts` (
	`library_id` text NOT NULL,
	`low_id` text NOT NULL,
	`high_id` text NOT NULL,
	`month` integer NOT NULL,
	`assets` integer NOT NULL,
	PRIMARY KEY(`library_id`, `low_id`, `high_id`, `month`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `person_pairs` (
	`library_id` text NOT NULL,
	`low_id` text NOT NULL,
	`high_id` text NOT NULL,
	`sort_key` text NOT NULL,
	`local_us` integer NOT NULL,
	PRIMARY KEY(`library_id`, `low_id`, `high_id`, `sort_key`)
) WITHOUT ROWID;
