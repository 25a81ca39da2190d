/** Deletes events of assets whose row is deleted. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";

/**
 * Deletes the events after `afterSeq` and up to `endSeq` whose asset has no row, except those that report its
 * deletion. An index of events by asset would find them at once, and would be one more row for each event.
 */
export async function deleteOrphanedEvents(db: Database, afterSeq: number, endSeq: number): Promise<number> {
  const { meta } = await db.orm.run(sql`DELETE FROM events NOT INDEXED
    WHERE seq > ${afterSeq} AND seq <= ${endSeq} AND entity_type IN ('asset', 'metadata')
      AND event_type <> 'asset_deleted' AND NOT EXISTS (SELECT 1 FROM assets a WHERE a.id = events.entity_id)`);
  return meta.changes;
}
