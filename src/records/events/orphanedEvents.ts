/** Deletes events of assets, people and faces whose row is deleted. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";

/**
 * Deletes the events after `afterSeq` and up to `endSeq` whose asset, person or face has no row, except those that
 * report its deletion. An index of events by asset would find them at once, and would be one more row for each event.
 */
export async function deleteOrphanedEvents(db: Database, afterSeq: number, endSeq: number): Promise<number> {
  const { meta } = await db.orm.run(sql`DELETE FROM events NOT INDEXED
    WHERE seq > ${afterSeq} AND seq <= ${endSeq} AND entity_type IN ('asset', 'metadata', 'person', 'face')
      AND event_type NOT IN ('asset_deleted', 'person_deleted', 'face_deleted')
      AND NOT CASE entity_type
        WHEN 'person' THEN EXISTS (SELECT 1 FROM people p WHERE p.id = events.entity_id)
        WHEN 'face' THEN EXISTS (SELECT 1 FROM faces f WHERE f.id = events.entity_id)
        ELSE EXISTS (SELECT 1 FROM assets a WHERE a.id = events.entity_id) END`);
  return meta.changes;
}
