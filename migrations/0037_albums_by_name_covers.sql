DROP INDEX `albums_by_name`;--> statement-breakpoint
CREATE INDEX `albums_by_name` ON `albums` (`library_id`,`folded_name`,`id`,`deleted_at`) WHERE "deleted_at" IS NULL;