/** The change feed as it is read: a library's events in the order they were written. Writes none. */
import { getTableColumns, sql, Subquery, type SQL } from "drizzle-orm";
import { z } from "zod";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { selectLiveLibraries, type Library, type Reach } from "../libraries/libraries.ts";
import { id, number } from "../sql/sqlLiterals.ts";
import { events } from "../schema/schema.ts";

export const entityTypes = ["asset", "album", "person", "face", "album_asset", "metadata", "stack"] as const;
export type EntityType = (typeof entityTypes)[number];

const columns = getTableColumns(events);
const payloadColumn = z.record(z.string(), z.unknown()).nullable();

export interface FeedEvent extends Omit<typeof events.$inferSelect, "payload"> {
  payload: Record<string, unknown> | null;
}

/** The last number ever given: AUTOINCREMENT keeps it when the rows are gone. */
function selectLastSeq(db: Database) {
  return db.orm
    .select({ seq: sql<number>`seq` })
    .from(sql`sqlite_sequence`)
    .where(sql`name = 'events'`);
}

export async function findLastSeq(db: Database): Promise<number> {
  return (await selectLastSeq(db).get())?.seq ?? 0;
}

/** What a page must know before it is read, in one round trip. */
export async function readFeedContext(
  db: Database,
  reach: Reach,
  libraryId: string | null,
): Promise<{ libraries: Library[]; lastSeq: number }> {
  const [libraries, rows] = await db.orm.batch([selectLiveLibraries(db, reach, libraryId), selectLastSeq(db)]);
  return { libraries, lastSeq: rows[0]?.seq ?? 0 };
}

export interface FeedRequest {
  libraryId: string;
  afterSeq: number;
  /** From this millisecond on. */
  createdFrom: number | null;
  /** Up to this millisecond, without it. */
  createdBefore: number | null;
  /** Null: of every type. */
  entityTypes: EntityType[] | null;
  limit: number;
}

const BEYOND_ALL = number(Number.MAX_SAFE_INTEGER);

/** Where a time begins in the order of `seq`: one seek, for `created_at` never falls as `seq` rises. */
function firstSeqFrom(libraryId: string, atMs: number): SQL {
  return sql`coalesce((SELECT t.seq FROM events t INDEXED BY events_by_time
    WHERE t.library_id = ${id(libraryId)} AND t.created_at >= ${number(atMs)} ORDER BY t.created_at, t.seq LIMIT 1), ${BEYOND_ALL})`;
}

/** One bound a side: of two, SQLite seeks by one and steps over the rest row by row. */
function range({ libraryId, afterSeq, createdFrom, createdBefore }: FeedRequest): SQL {
  const next = number(afterSeq + 1);
  const low = createdFrom === null ? next : sql`max(${next}, ${firstSeqFrom(libraryId, createdFrom)})`;
  const high = createdBefore === null ? BEYOND_ALL : firstSeqFrom(libraryId, createdBefore);
  return sql`e.library_id = ${id(libraryId)} AND e.seq >= ${low} AND e.seq < ${high}`;
}

/** Several types are a merge of their ranges, each in order on the index: what is read is what is given, and one more of each. */
function pageOf(request: FeedRequest): SQL {
  const selects =
    request.entityTypes === null
      ? [sql`SELECT e.* FROM events e INDEXED BY events_by_library WHERE ${range(request)}`]
      : request.entityTypes.map(
          (type) =>
            sql`SELECT e.* FROM events e INDEXED BY events_by_type WHERE ${range(request)} AND e.entity_type = ${type}`,
        );
  return sql`${unionAll(selects)} ORDER BY seq LIMIT ${request.limit + 1}`;
}

export async function listEvents(
  db: Database,
  request: FeedRequest,
): Promise<{ events: FeedEvent[]; hasMore: boolean }> {
  const rows = await db.orm.select(columns).from(new Subquery(pageOf(request), columns, "events"));
  // No outer ORDER BY vouches for the order of the merge.
  const page = rows.toSorted((one, other) => one.seq - other.seq).slice(0, request.limit);
  return {
    events: page.map((row) => ({ ...row, payload: payloadColumn.parse(row.payload) })),
    hasMore: rows.length > request.limit,
  };
}
