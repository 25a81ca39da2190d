-- WITHOUT ROWID is added by hand. It saves the second row of each write.
CREATE TABLE `cache_purges` (
	`tag` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`requested_at` integer NOT NULL,
	`passes` integer DEFAULT 0 NOT NULL,
	`due_at` integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `signing_key_tags` (
	`tag` text PRIMARY KEY NOT NULL
) WITHOUT ROWID;
