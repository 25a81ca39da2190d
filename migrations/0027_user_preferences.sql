ALTER TABLE `users` ADD `favorite_display_mode` text DEFAULT 'favorite' NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `demo_mode_enabled` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `immich_library_id` text;--> statement-breakpoint
ALTER TABLE `users` ADD `face_detection_preference` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `home_country` text;--> statement-breakpoint
ALTER TABLE `users` ADD `home_subdivision` text;