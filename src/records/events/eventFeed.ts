/** Reads the change feed: a library's events in the order of insertion. */
import { getTableColumns, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { rowReader, runQueries, type Query } from "../sql/query.ts";
import { sqlId, sqlNumber } from "../sql/sqlLiterals.ts";
import { events } from "../schema/schema.ts";
import { isTimeIndexed } from "./timeIndex.ts";
import { entityTypes, type EntityType } from "./events.ts";

export { entityTypes, type EntityType };

const columns = getTableColumns(events);
const payloadColumn = z.record(z.string(), z.unknown()).nullable();

export interface FeedEvent extends Omit<typeof events.$inferSelect, "payload"> {
  payload: Record<string, unknown> | null;
}

/** The last number assigned, which AUTOINCREMENT keeps after the rows are deleted. */
export const lastSeqQuery: Query<number> = {
  sql: sql`SELECT seq FROM sqlite_sequence WHERE name = 'events'`,
  parse: ([row]) => Number(row?.["seq"] ?? 0),
};

export async function findLastSeq(db: Database): Promise<number> {
  const [seq] = await runQueries(db, [lastSeqQuery]);
  return seq;
}

export interface FeedRequest {
  libraryId: string;
  afterSeq: number;
  /** The last event to include; null for the end of the feed. */
  untilSeq: number | null;
  /** Milliseconds, inclusive. */
  createdFrom: number | null;
  /** Milliseconds, exclusive. */
  createdBefore: number | null;
  /** Types to include; null for all. */
  entityTypes: EntityType[] | null;
  limit: number;
}

const MAX_SEQ = sqlNumber(Number.MAX_SAFE_INTEGER);

/**
 * The first `seq` at or after a time, in any library, because `created_at` is monotonic in `seq`. The time index has an
 * eighth of the events: one seek finds the last of them before that time, and at most 13 rows follow until the next.
 */
function firstSeqFrom(atMs: number): SQL {
  const time = sqlNumber(atMs);
  const lastBefore = sql`SELECT t.seq FROM events t INDEXED BY events_by_time
    WHERE ${isTimeIndexed("t.")} AND t.created_at < ${time} ORDER BY t.created_at DESC, t.seq DESC LIMIT 1`;
  return sql`coalesce((SELECT f.seq FROM events f NOT INDEXED
    WHERE f.seq > coalesce((${lastBefore}), 0) AND f.created_at >= ${time} ORDER BY f.seq LIMIT 1), ${MAX_SEQ})`;
}

/** Looks up the bounds of both times once for all ranges. */
function timeBounds({ createdFrom, createdBefore }: FeedRequest): SQL {
  if (createdFrom === null && createdBefore === null) return sql``;
  const [from, before] = [createdFrom, createdBefore].map((at) => (at === null ? sql`NULL` : firstSeqFrom(at)));
  return sql`WITH bounds (from_seq, before_seq) AS MATERIALIZED (SELECT ${from}, ${before}) `;
}

/** One bound per side: with two, SQLite seeks to one of them and reads the rows up to the other. */
function seqRange({ libraryId, afterSeq, untilSeq, createdFrom, createdBefore }: FeedRequest): SQL {
  const next = sqlNumber(afterSeq + 1);
  const end = untilSeq === null ? MAX_SEQ : sqlNumber(untilSeq + 1);
  const low = createdFrom === null ? next : sql`(SELECT max(${next}, from_seq) FROM bounds)`;
  const high = createdBefore === null ? end : sql`(SELECT min(${end}, before_seq) FROM bounds)`;
  return sql`e.library_id = ${sqlId(libraryId)} AND e.seq >= ${low} AND e.seq < ${high}`;
}

/**
 * Merges one index range per entity type, each in order of `seq`: reads the page and one more row per type. An index
 * of all types would save these rows, and would be one more row for each event.
 */
function selectPage(request: FeedRequest): SQL {
  const selects = (request.entityTypes ?? entityTypes).map(
    (type) =>
      sql`SELECT e.* FROM events e INDEXED BY events_by_type WHERE ${seqRange(request)} AND e.entity_type = ${type}`,
  );
  return sql`${timeBounds(request)}${unionAll(selects)} ORDER BY seq LIMIT ${request.limit + 1}`;
}

export interface FeedPage {
  events: FeedEvent[];
  hasMore: boolean;
}

const readEvent = rowReader(columns);

/** A page of the feed, oldest first. */
export function feedPageQuery(request: FeedRequest): Query<FeedPage> {
  return {
    sql: selectPage(request),
    parse: (rows) => ({
      events: rows.slice(0, request.limit).map((row) => {
        const event = readEvent(row);
        return { ...event, payload: payloadColumn.parse(event.payload) };
      }),
      hasMore: rows.length > request.limit,
    }),
  };
}
