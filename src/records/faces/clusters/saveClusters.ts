/** Commits what clustering decided, if the library's embeddings and assignments are still those that it read. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../database.ts";
import { eventTime, insertSelectedEvents } from "../../events/events.ts";
import { jsonEach } from "../../sql/jsonList.ts";
import { assignFaces } from "../assignments.ts";

/** The exact sum of a person's faces. */
export interface CountedPerson {
  personId: string;
  sum: Int32Array;
  squareSum: number;
  faceCount: number;
}

export interface ClusterCommit {
  libraryId: string;
  model: string;
  /** The revision at which the plan was made. */
  revision: number;
  assignments: { faceId: string; personId: string }[];
  /** People of `assignments` to create. */
  newPersonIds: string[];
  /** The people whose sum changed. */
  counted: CountedPerson[];
  /** Faces that were compared and still wait. */
  comparedFaceIds: string[];
  atMs: number;
}

function hexOf(values: Int32Array): string {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).toHex();
}

/** Below the largest safe integer, in which SQLite and JavaScript agree. */
function newToken(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 20) * 2 ** 32 + low;
}

function createPeople(db: Database, { libraryId, newPersonIds, atMs }: ClusterCommit, isCurrent: SQL) {
  const source = sql`${jsonEach(newPersonIds)} n CROSS JOIN libraries l ON l.id = ${libraryId} WHERE ${isCurrent} ORDER BY n.key`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT l.id, 'person_created', 'person', n.value, NULL, ${eventTime(atMs)} FROM ${source}`,
    ),
    db.statement(sql`INSERT INTO people (id, library_id, user_id, created_at, updated_at)
      SELECT n.value, l.id, l.user_id, ${atMs}, ${atMs} FROM ${source}`),
  ] as const;
}

/** Ends the marks that the triggers on `faces` set for the assignments of this batch. */
function saveSums(db: Database, { libraryId, model, counted }: ClusterCommit, isCurrent: SQL) {
  const rows = counted.map(({ personId, sum, squareSum, faceCount }) => ({
    id: personId,
    sum: faceCount === 0 ? null : hexOf(sum),
    squareSum,
    faceCount,
  }));
  return db.statement(sql`INSERT INTO person_clusters
      (person_id, library_id, model, sum, square_sum, face_count, is_stale, is_measured, revision)
    SELECT p.id, p.library_id, ${model}, unhex(c.value ->> 'sum'), c.value ->> 'squareSum', c.value ->> 'faceCount',
      0, 0, s.revision
    FROM ${jsonEach(rows)} c CROSS JOIN people p ON p.id = c.value ->> 'id' AND p.library_id = ${libraryId}
      CROSS JOIN cluster_states s ON s.library_id = p.library_id
    WHERE ${isCurrent}
    ON CONFLICT (person_id) DO UPDATE SET model = excluded.model, sum = excluded.sum, square_sum = excluded.square_sum,
      face_count = excluded.face_count, is_stale = 0, is_measured = 0, revision = excluded.revision,
      pairwise_mean = iif(excluded.sum IS NULL, NULL, pairwise_mean),
      pairwise_p90 = iif(excluded.sum IS NULL, NULL, pairwise_p90)`);
}

function markCompared(db: Database, { libraryId, comparedFaceIds }: ClusterCommit, isCurrent: SQL) {
  return db.statement(sql`UPDATE face_embeddings SET waiting = 1,
      revision = (SELECT s.revision FROM cluster_states s WHERE s.library_id = ${libraryId})
    WHERE face_id IN (SELECT value FROM ${jsonEach(comparedFaceIds)}) AND waiting = 2 AND ${isCurrent}`);
}

const saved = z.object({ revision: z.int(), token: z.int() });

/**
 * Writes assignments, new people, their sums and all events in one batch. Returns the library's new revision, or null,
 * without any change, if something changed since `revision`.
 */
export async function saveClusters(db: Database, commit: ClusterCommit): Promise<number | null> {
  const { libraryId, revision, assignments, atMs } = commit;
  const token = newToken();
  const isCurrent = sql`EXISTS (SELECT 1 FROM cluster_states t WHERE t.library_id = ${libraryId} AND t.token = ${token})`;
  const moves = sql`SELECT m.value ->> 'faceId' AS id, m.value ->> 'personId' AS person_id FROM ${jsonEach(assignments)} m`;
  const results = await db.orm.batch([
    db.statement(sql`UPDATE cluster_states SET revision = revision + 1, token = ${token}
      WHERE library_id = ${libraryId} AND revision = ${revision}`),
    ...createPeople(db, commit, isCurrent),
    ...assignFaces(db, moves, { reason: "clustering", condition: isCurrent, atMs }),
    markCompared(db, commit, isCurrent),
    saveSums(db, commit, isCurrent),
    db.statement(sql`SELECT revision, token FROM cluster_states WHERE library_id = ${libraryId}`),
  ]);
  const last = results.at(-1);
  const rows = z.object({ results: z.array(saved) }).parse(last).results;
  const state = rows[0];
  return state?.token === token ? state.revision : null;
}
