-- WITHOUT ROWID is added by hand: drizzle has no word for it. It saves the second row of each write.
CREATE TABLE `album_months` (
	`album_id` text NOT NULL,
	`trashed` integer NOT NULL,
	`month` integer NOT NULL,
	`assets` integer NOT NULL,
	PRIMARY KEY(`album_id`, `trashed`, `month`)
) WITHOUT ROWID;
--> statement-breakpoint
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
