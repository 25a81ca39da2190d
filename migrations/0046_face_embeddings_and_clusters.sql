CREATE TABLE `cluster_states` (
	`library_id` text PRIMARY KEY NOT NULL,
	`revision` integer DEFAULT 1 NOT NULL,
	`reset_revision` integer DEFAULT 1 NOT NULL,
	`token` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `face_embeddings` (
	`face_id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`asset_id` text NOT NULL,
	`model` text NOT NULL,
	`vector` blob NOT NULL,
	`waiting` integer DEFAULT 0 NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `face_embeddings_by_revision` ON `face_embeddings` (`library_id`,`revision`);--> statement-breakpoint
CREATE INDEX `face_embeddings_waiting` ON `face_embeddings` (`library_id`,`model`,`waiting`,`face_id`) WHERE "waiting" > 0;--> statement-breakpoint
CREATE TABLE `face_rejections` (
	`face_id` text NOT NULL,
	`person_id` text NOT NULL,
	PRIMARY KEY(`face_id`, `person_id`)
);
--> statement-breakpoint
CREATE INDEX `face_rejections_by_person` ON `face_rejections` (`person_id`,`face_id`);--> statement-breakpoint
CREATE TABLE `face_runs` (
	`library_id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`position` text DEFAULT '' NOT NULL,
	`handled` integer DEFAULT 0 NOT NULL,
	`requested_at` integer NOT NULL,
	`finished_at` integer,
	`revision` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `person_clusters` (
	`person_id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`model` text,
	`sum` blob,
	`square_sum` integer DEFAULT 0 NOT NULL,
	`face_count` integer DEFAULT 0 NOT NULL,
	`is_stale` integer DEFAULT false NOT NULL,
	`pairwise_mean` real,
	`pairwise_p90` real,
	`is_measured` integer DEFAULT false NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `person_clusters_by_revision` ON `person_clusters` (`library_id`,`revision`);