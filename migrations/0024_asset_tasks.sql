-- WITHOUT ROWID is added by hand. It saves the second row of each write.
CREATE TABLE `asset_tasks` (
	`asset_id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`tasks` text NOT NULL,
	`states` integer NOT NULL,
	`newest_at` integer NOT NULL,
	`due_at` integer,
	`claimed_at` integer,
	`claimed_until` integer,
	`claimed_type` text,
	`revision` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `asset_tasks_by_states` ON `asset_tasks` (`library_id`,`states`,`newest_at`);--> statement-breakpoint
CREATE INDEX `asset_tasks_due` ON `asset_tasks` (`due_at`) WHERE "due_at" IS NOT NULL;