/** Pages of GET /api/events. */
import { env } from "cloudflare:workers";
import { parseDateTime } from "../src/kernel/time.ts";
import { cursorOf, listEvents, type FeedQuestion } from "../src/operations/events/events.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { costOf, heading, line, who } from "./reader.ts";

const LIMIT = 50;
/** 2024-01-01T00:00:00Z. */
const FIRST_MS = 1_704_067_200_000;

/** One event a second; of a hundred, 50 of assets, 30 of links, 18 of metadata, 2 of albums. */
export async function writeFeed(library: Seeded, count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)
     INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
     SELECT ?1, k || '_updated', k, 'entity_' || i, NULL, ?3 + i * 1000 FROM (SELECT i,
       CASE WHEN i % 100 < 50 THEN 'asset' WHEN i % 100 < 80 THEN 'album_asset' WHEN i % 100 < 98 THEN 'metadata' ELSE 'album' END AS k FROM n)`,
  )
    .bind(library.libraryId, count, FIRST_MS)
    .run();
}

const everything = {
  afterCursor: null,
  createdFrom: null,
  createdBefore: null,
  entityTypes: null,
  limit: LIMIT,
} as const;

const questions: Record<string, Partial<FeedQuestion>> = {
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
  const lines = heading(["filter"], ["events", "events given", "first page", "a later page", "round trips"]);
  for (const [name, question] of Object.entries(questions)) {
    const asked = { libraryId: library.libraryId, ...everything, ...question };
    const first = await costOf((db) => listEvents(db, who, asked));
    const last = first.answer.events.at(-1);
    const next = { ...asked, afterCursor: last === undefined ? null : cursorOf(last) };
    const later = await costOf((db) => listEvents(db, who, next));
    const given = first.answer.events.length;
    lines.push(line(name, count, given, first.rowsRead, later.rowsRead, later.roundTrips));
  }
  return lines;
}
