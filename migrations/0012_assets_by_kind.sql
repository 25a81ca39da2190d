DROP INDEX `assets_by_media_type`;--> statement-breakpoint
DROP INDEX `assets_by_in_album`;--> statement-breakpoint
CREATE INDEX `assets_by_kind` ON `assets` (`library_id`,`media_type`,("album_count" > 0),`sort_key`) WHERE "trashed_at" IS NULL;