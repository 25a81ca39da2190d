/** Scheduled deletion of the events of deleted assets, people and faces, which no index finds by entity. */
import { info } from "../../kernel/log.ts";
import { findLastSeq } from "../../records/events/eventFeed.ts";
import { deleteOrphanedEvents } from "../../records/events/orphanedEvents.ts";
import { findSweep, saveSweepPosition } from "../../records/maintenance/sweepPositions.ts";
import type { Context } from "../context.ts";

/** Events per run, each with one lookup of its entity: 10,000 rows read, and 5,000 more if all are deleted. */
export const MAX_SWEPT_EVENTS_PER_RUN = 5000;
const DAY_MS = 24 * 3600_000;
/** Time between the starts of two rounds over the feed. */
export const EVENT_SWEEP_INTERVAL_MS = 7 * DAY_MS;

const SWEEP_NAME = "events";
/** Position of a complete round. */
const COMPLETE = "";

/**
 * Continues a round over the feed, or starts the next one, and deletes earlier events of deleted assets, people and
 * faces. Events that report a deletion stay. Returns the number of deleted events.
 */
export async function sweepEvents(context: Context, maxEvents = MAX_SWEPT_EVENTS_PER_RUN): Promise<number> {
  const { db, nowMs } = context;
  const last = await findSweep(db, SWEEP_NAME);
  const isRunning = last !== null && last.position !== COMPLETE;
  if (last !== null && !isRunning && nowMs < last.updatedAt + EVENT_SWEEP_INTERVAL_MS) return 0;
  const afterSeq = isRunning ? Number(last.position) : 0;
  const lastSeq = await findLastSeq(db);
  const endSeq = Math.min(afterSeq + maxEvents, lastSeq);
  const deleted = await deleteOrphanedEvents(db, afterSeq, endSeq);
  await saveSweepPosition(
    db,
    SWEEP_NAME,
    endSeq < lastSeq ? String(endSeq) : COMPLETE,
    isRunning ? last.updatedAt : nowMs,
  );
  if (deleted > 0) info("deleted events of deleted entities", { events: deleted });
  return deleted;
}
