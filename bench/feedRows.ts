/** Pages of GET /api/events. */
import { env } from "cloudflare:workers";
import { parseDateTime } from "../src/kernel/time.ts";
import { encodeCursor, listEvents, type ListEventsParams } from "../src/operations/events/events.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { measureCost, tableHeader, tableRow, principal } from "./measureCost.ts";

const LIMIT = 50;
/** 2024-01-01T00:00:00Z. */
const FIRST_MS = 1_704_067_200_000;

/** One event per second: 50 % assets, 30 % album memberships, 18 % metadata, 2 % albums. */
export async function insertEvents(library: Seeded, count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)
     INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
     SELECT ?1, k || '_updated', k, 'entity_' || i, NULL, ?3 + i * 1000 FROM (SELECT i,
       CASE WHEN i % 100 < 50 THEN 'asset' WHEN i % 100 < 80 THEN 'album_asset' WHEN i % 100 < 98 THEN 'metadata' ELSE 'album' END AS k FROM n)`,
  )
    .bind(library.libraryId, count, FIRST_MS)
    .run();
}

const unfiltered = {
  afterCursor: null,
  asOf: null,
  createdFrom: null,
  createdBefore: null,
  entityTypes: null,
  limit: LIMIT,
} as const;

const filters: Record<string, Partial<ListEventsParams>> = {
  "no filter": {},
  "entity_types=album": { entityTypes: ["album"] },
  "entity_types=asset,album,album_asset": { entityTypes: ["asset", "album", "album_asset"] },
  "entity_types=face": { entityTypes: ["face"] },
  created_at_gte: { createdFrom: parseDateTime("2024-01-05T00:00:00Z") },
  "created_at_gte and _lt, one type": {
    createdFrom: parseDateTime("2024-01-05T00:00:00Z"),
    createdBefore: parseDateTime("2024-01-06T00:00:00Z"),
    entityTypes: ["asset"],
  },
};

export async function feedTable(library: Seeded, count: number): Promise<string[]> {
  const lines = tableHeader(["filter"], ["events", "events returned", "first page", "a later page", "round trips"]);
  for (const [name, filter] of Object.entries(filters)) {
    const params = { libraryId: library.libraryId, ...unfiltered, ...filter };
    const first = await measureCost((context) => listEvents(context, principal, params));
    const last = first.result.events.at(-1);
    const next = { ...params, afterCursor: last === undefined ? null : encodeCursor(last) };
    const later = await measureCost((context) => listEvents(context, principal, next));
    const returned = first.result.events.length;
    lines.push(tableRow(name, count, returned, first.rowsRead, later.rowsRead, later.roundTrips));
  }
  return lines;
}
