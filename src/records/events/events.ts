/** The change feed's rows. They are written in the batch of the change they tell of, never alone. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";

export type EventType =
  | "asset_created"
  | "asset_updated"
  | "asset_deleted"
  | "album_created"
  | "album_updated"
  | "album_deleted"
  | "album_asset_added"
  | "album_asset_removed"
  | "metadata_updated"
  | "stack_created"
  | "stack_updated"
  | "stack_deleted";

export interface NewEvent {
  eventType: EventType;
  entityType: "asset" | "album" | "album_asset" | "metadata" | "stack";
  entityId: string;
  payload: Record<string, string | null> | null;
}

/**
 * When an event is written, never before the one in front of it: a client that pages up to a fixed time must not step
 * over an event of an earlier time that a slow request, or a clock that is behind, wrote later.
 */
export function eventTime(atMs: number): SQL {
  return sql`max(${atMs}, coalesce((SELECT created_at FROM events ORDER BY seq DESC LIMIT 1), 0))`;
}

/**
 * A batch statement that writes `events` where `condition` holds: the guard of a change that may be repeated. An asset's
 * stack is told as it is then: burst detection may have stacked it since it was read.
 */
export function insertEvents(db: Database, libraryId: string, atMs: number, events: NewEvent[], condition: SQL) {
  return db.statement(sql`
    INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT ${libraryId}, e.value ->> 'eventType', e.value ->> 'entityType', e.value ->> 'entityId',
      CASE WHEN e.value ->> 'eventType' = 'asset_updated'
          THEN json_object('stack_id', (SELECT a.stack_id FROM assets a WHERE a.id = e.value ->> 'entityId'))
        WHEN json_type(e.value, '$.payload') = 'object' THEN e.value -> 'payload' END, ${eventTime(atMs)}
    FROM json_each(${JSON.stringify(events)}) e WHERE ${condition}`);
}
