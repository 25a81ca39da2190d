ALTER TABLE `assets` ADD `poster_source` text;--> statement-breakpoint
ALTER TABLE `assets` ADD `live_photo_cid` text GENERATED ALWAYS AS ((json_extract("file_metadata", '$.livePhotoCid'))) VIRTUAL;--> statement-breakpoint
CREATE INDEX `assets_by_live_photo` ON `assets` (`library_id`,`live_photo_cid`) WHERE "live_photo_cid" IS NOT NULL;