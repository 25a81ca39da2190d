-- WITHOUT ROWID is added by hand. It saves the second row of each write.
CREATE TABLE `derived_files` (
	`asset_id` text NOT NULL,
	`version_id` text NOT NULL,
	`name` text NOT NULL,
	`size_bytes` integer NOT NULL,
	PRIMARY KEY(`asset_id`, `version_id`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `assets` ADD `derived_bytes` integer DEFAULT 0 NOT NULL;