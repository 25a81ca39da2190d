CREATE TABLE `faces` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`asset_id` text NOT NULL,
	`person_id` text,
	`x` integer NOT NULL,
	`y` integer NOT NULL,
	`w` integer NOT NULL,
	`h` integer NOT NULL,
	`timestamp_ms` integer,
	`confidence` real,
	`source` text NOT NULL,
	`assigned_by` text,
	`model` text,
	`trashed_at` integer,
	`portrait_score` integer GENERATED ALWAYS AS ((CAST(min("w", "h") * coalesce("confidence", 1) AS INTEGER))) VIRTUAL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `faces_by_library` ON `faces` (`library_id`,`id`) WHERE "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `faces_by_asset` ON `faces` (`asset_id`,`id`);--> statement-breakpoint
CREATE INDEX `faces_by_person` ON `faces` (`person_id`,("trashed_at" IS NOT NULL),`id`) WHERE "person_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `faces_portraits` ON `faces` (`person_id`,`portrait_score`,`id`) WHERE "person_id" IS NOT NULL AND "trashed_at" IS NULL;--> statement-breakpoint
CREATE INDEX `faces_waiting` ON `faces` (`library_id`,`id`) WHERE "person_id" IS NULL AND "source" = 'automatic';--> statement-breakpoint
CREATE TABLE `people` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`name` text,
	`folded_name` text,
	`sort_name` text,
	`birth_date` text,
	`is_favorite` integer DEFAULT false NOT NULL,
	`is_hidden` integer DEFAULT false NOT NULL,
	`thumbnail_face_id` text,
	`asset_count` integer DEFAULT 0 NOT NULL,
	`face_count` integer DEFAULT 0 NOT NULL,
	`list_class` integer GENERATED ALWAYS AS ((("name" IS NULL) * 2 + "is_hidden")) VIRTUAL,
	`name_key` text GENERATED ALWAYS AS ((coalesce("sort_name", '') || char(1) || "id")) VIRTUAL,
	`count_key` text GENERATED ALWAYS AS ((printf('%08x', "asset_count") || "id")) VIRTUAL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `people_by_library` ON `people` (`library_id`,`list_class`,`id`);--> statement-breakpoint
CREATE INDEX `people_by_sort_name` ON `people` (`library_id`,`list_class`,`name_key`);--> statement-breakpoint
CREATE INDEX `people_by_count` ON `people` (`library_id`,`list_class`,`count_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `people_by_name` ON `people` (`library_id`,`folded_name`) WHERE "folded_name" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `people_by_portrait` ON `people` (`thumbnail_face_id`) WHERE "thumbnail_face_id" IS NOT NULL;