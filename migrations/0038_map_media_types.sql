ALTER TABLE `map_cells` ADD `videos` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `map_cells` ADD `video_latitude_sum` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `map_cells` ADD `video_longitude_sum` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `map_cells` ADD `newest_video_key` text;--> statement-breakpoint
ALTER TABLE `map_cells` ADD `newest_image_key` text;--> statement-breakpoint
ALTER TABLE `map_points` ADD `media_type` text DEFAULT 'image' NOT NULL;