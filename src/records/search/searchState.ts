/** The position of the indexing, and the condition under which a write may move it. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import type { Row } from "../sql/query.ts";

export interface SearchState {
  /** Counts the writes. */
  revision: number;
  /** Version of the documents; another one than that of the code causes a rebuild. */
  indexVersion: number;
  /** The last event whose assets are indexed. */
  seq: number;
  /** The asset after which a scan of all assets continues; null outside of a scan. */
  scanAfter: string | null;
  /** The album or person whose assets are being indexed: its event, and the document after which it continues. */
  entity: { seq: number; afterDocument: number } | null;
  /** The last write, in Unix milliseconds; 0 before the first. */
  updatedAtMs: number;
}

/** The state that a write leaves. */
export type SearchPosition = Omit<SearchState, "revision" | "updatedAtMs">;

function parseState(row: Row | undefined): SearchState {
  if (row === undefined) throw new Error("search_state has no row");
  const { revision, index_version: indexVersion, seq, scan_after: scanAfter, entity_seq: entitySeq } = row;
  return {
    revision: Number(revision),
    indexVersion: Number(indexVersion),
    seq: Number(seq),
    scanAfter: typeof scanAfter === "string" ? scanAfter : null,
    entity: typeof entitySeq === "number" ? { seq: entitySeq, afterDocument: Number(row["entity_after"] ?? 0) } : null,
    updatedAtMs: Number(row["updated_at"]),
  };
}

const selectState = sql`SELECT revision, index_version, seq, scan_after, entity_seq, entity_after, updated_at
  FROM search_state`;

export async function findSearchState(searchDb: Database): Promise<SearchState> {
  const [rows] = await searchDb.select([selectState]);
  return parseState(rows?.[0]);
}

/**
 * A condition: no other run has written since `state` was read. A run that is overtaken writes nothing, because its
 * documents may be older than those of the other.
 */
export function isCurrent(state: SearchState): SQL {
  return sql`EXISTS (SELECT 1 FROM search_state WHERE revision = ${state.revision})`;
}

/** The first statement of a write: it returns a row if the write will take effect. */
export function checkState(searchDb: Database, state: SearchState) {
  return searchDb.statement(sql`SELECT 1 WHERE ${isCurrent(state)}`);
}

/** The last statement of a write. */
export function moveState(searchDb: Database, state: SearchState, next: SearchPosition, atMs: number) {
  const { indexVersion, seq, scanAfter, entity } = next;
  return searchDb.statement(sql`UPDATE search_state SET revision = revision + 1, index_version = ${indexVersion},
    seq = ${seq}, scan_after = ${scanAfter}, entity_seq = ${entity?.seq ?? null},
    entity_after = ${entity?.afterDocument ?? null}, updated_at = ${atMs} WHERE revision = ${state.revision}`);
}

/** Makes the next run start over. A run that is under way writes nothing more. */
export async function requestRebuild(searchDb: Database): Promise<void> {
  await searchDb.orm.run(sql`UPDATE search_state SET revision = revision + 1, index_version = 0`);
}
