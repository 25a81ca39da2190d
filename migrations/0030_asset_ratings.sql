ALTER TABLE `assets` ADD `rating` integer;--> statement-breakpoint
-- The rating of the file. Outside of 0 to 5 it counts as 0. No user has rated an asset before.
UPDATE `assets` SET `rating` = CASE
    WHEN json_extract(`file_metadata`, '$.rating') IN (0, 1, 2, 3, 4, 5) THEN CAST(json_extract(`file_metadata`, '$.rating') AS INTEGER)
    ELSE 0 END
  WHERE json_type(`file_metadata`, '$.rating') IN ('integer', 'real');--> statement-breakpoint
CREATE INDEX `assets_by_rating` ON `assets` (`library_id`,(coalesce("rating", 0)),`media_type`,("album_count" > 0),`sort_key`) WHERE "trashed_at" IS NULL;
