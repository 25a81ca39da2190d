DROP INDEX `assets_all`;--> statement-breakpoint
DROP INDEX `events_by_library`;--> statement-breakpoint
DROP INDEX `events_by_entity`;--> statement-breakpoint
DROP INDEX `events_by_time`;--> statement-breakpoint
CREATE INDEX `events_by_asset` ON `events` (`entity_id`) WHERE "entity_type" IN ('asset', 'metadata') AND "event_type" <> 'asset_deleted';--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`created_at`,`seq`) WHERE "seq" * 40503 % 65536 < 8192;