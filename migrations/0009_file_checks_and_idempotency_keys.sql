CREATE TABLE `corrupted_files` (
	`version_id` text PRIMARY KEY NOT NULL,
	`asset_id` text NOT NULL,
	`first_byte` integer NOT NULL,
	`byte_count` integer NOT NULL,
	`expected_digest` text NOT NULL,
	`actual_digest` text NOT NULL,
	`detected_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `corrupted_files_by_asset` ON `corrupted_files` (`asset_id`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`credential_id` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`result` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`credential_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_by_age` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `part_checksums` (
	`version_id` text PRIMARY KEY NOT NULL,
	`asset_id` text NOT NULL,
	`part_bytes` integer NOT NULL,
	`md5s` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `part_checksums_by_asset` ON `part_checksums` (`asset_id`);--> statement-breakpoint
CREATE TABLE `scrub_rounds` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`position` text NOT NULL,
	`files_checked` integer DEFAULT 0 NOT NULL,
	`bytes_checked` integer DEFAULT 0 NOT NULL,
	`corrupted_count` integer DEFAULT 0 NOT NULL,
	`started_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer
);
