/**
 * Deletes people and merges them. Both move the faces first, in parts, because a person can have many: a part that ends
 * a change early leaves people with fewer faces, and the repeated call continues. The last batch moves what is left and
 * deletes the people.
 */
import { eq, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { assignFaces, mergeRejections } from "../faces/assignments.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { libraries, people } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { isNullRejected } from "../sql/nullRejected.ts";
import { runQueries } from "../sql/query.ts";

/** Faces that one batch moves. */
export const FACES_PER_PART = 2000;

export interface MergeCandidate {
  id: string;
  libraryId: string;
  isNamed: boolean;
  faceCount: number;
}

/** The people in scope among these. */
export async function listMergeCandidates(db: Database, scope: LibraryScope, ids: string[]): Promise<MergeCandidate[]> {
  const [found] = await runQueries(db, [
    {
      sql: sql`SELECT p.id, p.library_id, p.name IS NOT NULL AS is_named, p.face_count FROM ${jsonEach(ids)} w
        CROSS JOIN people p ON p.id = w.value WHERE ${inScope(scope, sql`p.library_id`)} ORDER BY w.key`,
      parse: (rows) =>
        rows.map((row) => ({
          id: String(row["id"]),
          libraryId: String(row["library_id"]),
          isNamed: row["is_named"] === 1,
          faceCount: Number(row["face_count"]),
        })),
    },
  ]);
  return found;
}

/** SQLite's LIMIT of a SELECT without one. */
const NO_LIMIT = -1;

interface FaceMove {
  ids: string[];
  /** The person that gets the faces; null to leave them unassigned. */
  to: string | null;
}

/** Statements that move the first faces of people. */
function moveFaces(db: Database, { ids, to }: FaceMove, limit: number, atMs: number) {
  const moves = sql`SELECT f.id, ${to} AS person_id FROM ${jsonEach(ids)} w
    CROSS JOIN faces f INDEXED BY faces_by_person ON f.person_id = w.value WHERE f.person_id IS NOT NULL
    LIMIT ${limit}`;
  return assignFaces(db, moves, { reason: to === null ? "person_deleted" : "merge", atMs });
}

/** Moves all faces but the last part, in a batch for each part. */
async function moveEarlierParts(db: Database, move: FaceMove, faces: number, atMs: number): Promise<void> {
  for (let left = faces; left > FACES_PER_PART; left -= FACES_PER_PART) {
    await db.orm.batch(moveFaces(db, move, FACES_PER_PART, atMs));
  }
}

function deletePeople(db: Database, ids: string[], atMs: number) {
  return [
    insertSelectedEvents(
      db,
      sql`SELECT p.library_id, 'person_deleted', 'person', p.id, NULL, ${eventTime(atMs)}
        FROM people p WHERE ${inList(sql`p.id`, ids)} ORDER BY p.id`,
    ),
    db.orm.delete(people).where(inList(people.id, ids)),
  ] as const;
}

/** Deletes a person; the faces become unassigned. Returns false if the person does not exist. */
export async function deletePerson(db: Database, { id, faceCount }: MergeCandidate, atMs: number): Promise<boolean> {
  const move = { ids: [id], to: null };
  await moveEarlierParts(db, move, faceCount, atMs);
  const [found] = await db.orm.batch([
    db.orm.select({ id: people.id }).from(people).where(eq(people.id, id)),
    ...moveFaces(db, move, NO_LIMIT, atMs),
    ...deletePeople(db, [id], atMs),
  ]);
  return found.length > 0;
}

export interface Merge {
  target: MergeCandidate;
  sources: MergeCandidate[];
}

/** Whether nobody has a name or a face, so that nothing is left to keep. */
export function isMergeOfNobody({ target, sources }: Merge): boolean {
  return [target, ...sources].every(({ isNamed, faceCount }) => !isNamed && faceCount === 0);
}

/**
 * Moves the faces of the sources to the target and deletes the sources; a merge of nobody deletes the target too.
 * Returns false if one of them was deleted, or the outcome became another one, since they were read.
 */
export async function mergePeople(db: Database, merge: Merge, atMs: number): Promise<boolean> {
  const { target, sources } = merge;
  const sourceIds = sources.map(({ id }) => id);
  const everyId = [target.id, ...sourceIds];
  const isOfNobody = isMergeOfNobody(merge);
  const move = { ids: sourceIds, to: target.id };
  const faces = sources.reduce((sum, { faceCount }) => sum + faceCount, 0);
  await moveEarlierParts(db, move, faces, atMs);
  const found = sql`FROM people p WHERE ${inList(sql`p.id`, everyId)} AND +p.library_id = ${target.libraryId}`;
  const isCurrent = sql`(SELECT count(*) ${found}) = ${everyId.length}
    AND ${Number(isOfNobody)} = NOT EXISTS (SELECT 1 ${found} AND (p.name IS NOT NULL OR p.face_count > 0))`;
  try {
    await db.orm.batch([
      // NULL, which the column rejects, ends the batch. Writes a row whether or not the people exist.
      db.orm
        .update(libraries)
        .set({ assetCount: sql`iif(${isCurrent}, asset_count, NULL)` })
        .where(eq(libraries.id, target.libraryId)),
      ...moveFaces(db, move, NO_LIMIT, atMs),
      mergeRejections(db, sourceIds, target.id),
      ...deletePeople(db, isOfNobody ? everyId : sourceIds, atMs),
    ]);
    return true;
  } catch (error) {
    if (isNullRejected(error, "libraries.asset_count")) return false;
    throw error;
  }
}
