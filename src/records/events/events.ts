/** Inserts events of the change feed, always in the batch of the change that they report. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { jsonEach } from "../sql/jsonList.ts";

export type EventType =
  | "asset_created"
  | "asset_updated"
  | "asset_trashed"
  | "asset_restored"
  | "asset_deleted"
  | "asset_moved_out"
  | "asset_moved_in"
  | "album_created"
  | "album_updated"
  | "album_deleted"
  | "album_asset_added"
  | "album_asset_removed"
  | "library_trashed"
  | "library_restored"
  | "person_created"
  | "person_updated"
  | "person_deleted"
  | "face_created"
  | "face_updated"
  | "face_deleted"
  | "metadata_updated"
  | "stack_created"
  | "stack_updated"
  | "stack_deleted";

/** Every type of entity that the feed lists. */
export const entityTypes = ["asset", "album", "library", "person", "face", "album_asset", "metadata", "stack"] as const;
export type EntityType = (typeof entityTypes)[number];

export interface NewEvent {
  eventType: EventType;
  entityType: EntityType;
  entityId: string;
}

/**
 * The time of a new event, at least that of the previous event. Otherwise a client that pages up to a fixed time would
 * miss an earlier event inserted later by a slow request or a machine whose clock is behind.
 */
export function eventTime(atMs: number): SQL {
  return sql`max(${atMs}, coalesce((SELECT created_at FROM events ORDER BY seq DESC LIMIT 1), 0))`;
}

/**
 * Inserts the rows of a SELECT of `library_id, event_type, entity_type, entity_id, payload, created_at`, in its order,
 * with the actor of the session. Every event is inserted here.
 */
export function insertSelectedEvents(db: Database, select: SQL) {
  return db.statement(sql`INSERT INTO events
    (library_id, event_type, entity_type, entity_id, payload, created_at, actor)
    SELECT e.*, ${db.actor} FROM (${select}) e`);
}

/**
 * Inserts `events` if `condition` holds. The payload of `asset_updated` is the asset's current stack, which burst
 * detection may have changed since the asset was read.
 */
export function insertEvents(db: Database, libraryId: string, atMs: number, events: NewEvent[], condition: SQL) {
  return insertSelectedEvents(
    db,
    sql`SELECT ${libraryId}, e.value ->> 'eventType', e.value ->> 'entityType', e.value ->> 'entityId',
      CASE WHEN e.value ->> 'eventType' = 'asset_updated'
          THEN json_object('stack_id', (SELECT a.stack_id FROM assets a WHERE a.id = e.value ->> 'entityId')) END,
      ${eventTime(atMs)}
    FROM ${jsonEach(events)} e WHERE ${condition}`,
  );
}

/** Inserts one `asset_updated` event if `condition` holds. */
export function insertAssetUpdated(
  db: Database,
  asset: { id: string; libraryId: string },
  atMs: number,
  condition: SQL,
) {
  const event: NewEvent = { eventType: "asset_updated", entityType: "asset", entityId: asset.id };
  return insertEvents(db, asset.libraryId, atMs, [event], condition);
}
