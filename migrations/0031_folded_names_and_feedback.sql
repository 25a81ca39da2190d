CREATE TABLE `feedback` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`credential_id` text NOT NULL,
	`feedback_type` text NOT NULL,
	`message` text NOT NULL,
	`task_completed` integer,
	`tool_names` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `feedback_by_user` ON `feedback` (`user_id`,`id`);--> statement-breakpoint
ALTER TABLE `albums` ADD `folded_name` text;--> statement-breakpoint
CREATE INDEX `albums_by_name` ON `albums` (`library_id`,`folded_name`,`id`) WHERE "deleted_at" IS NULL;--> statement-breakpoint
ALTER TABLE `libraries` ADD `folded_name` text;--> statement-breakpoint
CREATE INDEX `libraries_by_name` ON `libraries` (`user_id`,`folded_name`);
