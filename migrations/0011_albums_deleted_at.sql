ALTER TABLE `albums` ADD `deleted_at` integer;--> statement-breakpoint
CREATE INDEX `albums_deleted` ON `albums` (`deleted_at`,`library_id`) WHERE "deleted_at" IS NOT NULL;