-- WITHOUT ROWID is added by hand, because drizzle-kit does not generate it.
CREATE TABLE `day_counts` (
	`library_id` text NOT NULL,
	`trashed` integer NOT NULL,
	`day` integer NOT NULL,
	`assets` integer NOT NULL,
	`in_album` integer NOT NULL,
	`image_0` integer DEFAULT 0 NOT NULL,
	`image_1` integer DEFAULT 0 NOT NULL,
	`image_2` integer DEFAULT 0 NOT NULL,
	`image_3` integer DEFAULT 0 NOT NULL,
	`image_4` integer DEFAULT 0 NOT NULL,
	`image_5` integer DEFAULT 0 NOT NULL,
	`video_0` integer DEFAULT 0 NOT NULL,
	`video_1` integer DEFAULT 0 NOT NULL,
	`video_2` integer DEFAULT 0 NOT NULL,
	`video_3` integer DEFAULT 0 NOT NULL,
	`video_4` integer DEFAULT 0 NOT NULL,
	`video_5` integer DEFAULT 0 NOT NULL,
	`image_0_in_album` integer DEFAULT 0 NOT NULL,
	`image_1_in_album` integer DEFAULT 0 NOT NULL,
	`image_2_in_album` integer DEFAULT 0 NOT NULL,
	`image_3_in_album` integer DEFAULT 0 NOT NULL,
	`image_4_in_album` integer DEFAULT 0 NOT NULL,
	`image_5_in_album` integer DEFAULT 0 NOT NULL,
	`video_0_in_album` integer DEFAULT 0 NOT NULL,
	`video_1_in_album` integer DEFAULT 0 NOT NULL,
	`video_2_in_album` integer DEFAULT 0 NOT NULL,
	`video_3_in_album` integer DEFAULT 0 NOT NULL,
	`video_4_in_album` integer DEFAULT 0 NOT NULL,
	`video_5_in_album` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`library_id`, `trashed`, `day`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_0` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_1` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_2` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_3` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_4` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_5` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_0` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_1` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_2` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_3` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_4` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_5` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_0_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_1_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_2_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_3_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_4_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `image_5_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_0_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_1_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_2_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_3_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_4_in_album` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `month_counts` ADD `video_5_in_album` integer DEFAULT 0 NOT NULL;