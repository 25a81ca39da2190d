/** Commands that walk through a library in parts: detection of earlier photos, deletion of automatic faces. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { FACE_RUN_KINDS } from "../schema/people/faceTables.ts";
import { runQueries, type Query } from "../sql/query.ts";
import { reopenSelectedTasks } from "../tasks/tasks.ts";
import { deleteFaces } from "./assignments.ts";

export type FaceRunKind = (typeof FACE_RUN_KINDS)[number];

export interface FaceRun {
  kind: FaceRunKind;
  handled: number;
  requestedAt: number;
  /** Null while the run continues. */
  finishedAt: number | null;
  position: string;
  revision: number;
}

const runRow = z
  .object({
    kind: z.enum(FACE_RUN_KINDS),
    position: z.string(),
    handled: z.int(),
    requested_at: z.int(),
    finished_at: z.int().nullable(),
    revision: z.int(),
  })
  .transform(({ requested_at: requestedAt, finished_at: finishedAt, ...row }): FaceRun => {
    return { ...row, requestedAt, finishedAt };
  });

export interface FaceRunState {
  run: FaceRun | null;
  /** Whether the library's owner has face detection turned on. */
  isDetectionOn: boolean;
}

const stateRow = z.object({ is_on: z.literal([0, 1]) });

/** The library's last run; null without one. */
export function faceRunQuery(libraryId: string): Query<FaceRun | null> {
  return {
    sql: sql`SELECT kind, position, handled, requested_at, finished_at, revision FROM face_runs
      WHERE library_id = ${libraryId}`,
    parse: ([row]) => (row === undefined ? null : runRow.parse(row)),
  };
}

/** The library's last run, and its owner's choice. */
export async function readFaceRun(db: Database, libraryId: string): Promise<FaceRunState> {
  const [run, isOn] = await runQueries<[FaceRun | null, boolean]>(db, [
    faceRunQuery(libraryId),
    {
      sql: sql`SELECT ${isDetectionOn(libraryId)} AS is_on`,
      parse: ([row]) => stateRow.parse(row).is_on === 1,
    },
  ]);
  return { run, isDetectionOn: isOn };
}

export function isDetectionOn(libraryId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM libraries l CROSS JOIN users u ON u.id = l.user_id
    WHERE l.id = ${libraryId} AND l.trashed_at IS NULL AND u.face_detection_preference = 1)`;
}

/** Starts a run from the beginning. A run of the same kind that continues is left as it is. */
export async function startFaceRun(db: Database, libraryId: string, kind: FaceRunKind, atMs: number): Promise<void> {
  await db.orm.run(sql`INSERT INTO face_runs (library_id, kind, requested_at) VALUES (${libraryId}, ${kind}, ${atMs})
    ON CONFLICT (library_id) DO UPDATE SET kind = excluded.kind, position = '', handled = 0,
      requested_at = excluded.requested_at, finished_at = NULL, revision = revision + 1
    WHERE finished_at IS NOT NULL OR kind <> excluded.kind`);
}

/** Libraries with a run that continues. */
export async function listOpenRuns(db: Database, limit: number): Promise<string[]> {
  const rows = await db.orm.all<{ library_id: string }>(
    sql`SELECT library_id FROM face_runs WHERE finished_at IS NULL LIMIT ${limit}`,
  );
  return rows.map((row) => row.library_id);
}

/** Photos, and videos with a poster, that one part of a detection looks at. */
export const DETECTION_PART_ASSETS = 200;
/** Assets, live and trashed ones, whose faces one part of a deletion deletes. */
export const DELETION_PART_ASSETS = 200;

interface Part {
  libraryId: string;
  run: FaceRun;
  atMs: number;
}

/** Advances the run to `position` if nobody else did, as the first statement of a batch. */
function advance(db: Database, { libraryId, run, atMs }: Part, position: string | null, handled: number) {
  return db.statement(sql`UPDATE face_runs SET position = ${position ?? run.position}, handled = handled + ${handled},
      finished_at = ${position === null ? atMs : null}, revision = revision + 1
    WHERE library_id = ${libraryId} AND revision = ${run.revision} AND finished_at IS NULL`);
}

/** A condition: the run was advanced by this batch. */
function isAdvanced({ libraryId, run }: Part): SQL {
  return sql`EXISTS (SELECT 1 FROM face_runs r WHERE r.library_id = ${libraryId} AND r.revision = ${run.revision + 1})`;
}

const assetRow = z.object({ id: z.string(), sort_key: z.string(), is_due: z.literal([0, 1]) });

/**
 * Starts the task `face_detection` of the next assets whose faces were not found by `model`. Returns the ids of these
 * assets, and whether there may be more; null, without any change, if another consumer advanced the run.
 */
export async function detectPart(
  db: Database,
  part: Part,
  model: string,
): Promise<{ assetIds: string[]; hasMore: boolean } | null> {
  const { libraryId, run, atMs } = part;
  const task = sql.raw(`k.tasks -> '$.face_detection'`);
  const [rows = []] = await db.select([
    sql`SELECT a.id, a.sort_key, (a.media_type = 'image' OR a.poster_version_id IS NOT NULL)
        AND NOT coalesce(${task} ->> 'status' = 'pending' OR (${task} ->> 'outcome' = 'ran'
          AND instr(${task} ->> 'result', ${`(${model})`}) > 0), 0) AS is_due
      FROM assets a INDEXED BY assets_live LEFT JOIN asset_tasks k ON k.asset_id = a.id
      WHERE a.library_id = ${libraryId} AND a.trashed_at IS NULL AND a.sort_key > ${run.position}
      ORDER BY a.sort_key LIMIT ${DETECTION_PART_ASSETS}`,
  ]);
  const assets = z.array(assetRow).parse(rows);
  const assetIds = assets.filter(({ is_due: isDue }) => isDue === 1).map(({ id }) => id);
  const hasMore = assets.length === DETECTION_PART_ASSETS;
  const select = sql`SELECT a.id, a.library_id, a.user_id FROM assets a
    WHERE a.id IN (SELECT value FROM json_each(${JSON.stringify(assetIds)})) AND a.library_id = ${libraryId}
      AND ${isAdvanced(part)}`;
  const [advanced] = await db.orm.batch([
    advance(db, part, hasMore ? (assets.at(-1)?.sort_key ?? null) : null, assetIds.length),
    reopenSelectedTasks(db, ["face_detection"], select, atMs),
  ]);
  return advanced.meta.changes === 0 ? null : { assetIds, hasMore };
}

const deletionRow = z.object({ id: z.string(), checksum: z.string() });

/**
 * Deletes the automatic faces of the next assets, and the embeddings of all their faces; at the end also the unnamed people without a
 * face whom clustering made. Returns whether there may be more; null, without any change, if another consumer advanced
 * the run.
 */
export async function deletePart(db: Database, part: Part): Promise<{ hasMore: boolean } | null> {
  const { libraryId, run, atMs } = part;
  const [rows = []] = await db.select([
    sql`SELECT a.id, a.checksum FROM assets a INDEXED BY assets_by_checksum
      WHERE a.library_id = ${libraryId} AND a.checksum > ${run.position} ORDER BY a.checksum LIMIT ${DELETION_PART_ASSETS}`,
  ]);
  const assets = z.array(deletionRow).parse(rows);
  const hasMore = assets.length === DELETION_PART_ASSETS;
  const condition = isAdvanced(part);
  const listed = sql`SELECT g.id FROM json_each(${JSON.stringify(assets.map(({ id }) => id))}) w
    CROSS JOIN faces g INDEXED BY faces_by_asset ON g.asset_id = w.value`;
  const automatic = sql`SELECT f.id FROM faces f WHERE f.id IN (${listed}) AND f.source = 'automatic'`;
  const abandoned = sql`SELECT p.library_id, p.id FROM people p WHERE p.library_id = ${libraryId} AND p.name IS NULL
    AND p.face_count = 0 AND NOT p.is_favorite AND NOT p.is_hidden AND p.birth_date IS NULL
    AND p.thumbnail_face_id IS NULL AND ${condition} AND ${Number(!hasMore)}`;
  const [advanced] = await db.orm.batch([
    advance(db, part, hasMore ? (assets.at(-1)?.checksum ?? null) : null, assets.length),
    ...deleteFaces(db, automatic, { condition, atMs }),
    db.statement(sql`UPDATE cluster_states SET revision = revision + 1, reset_revision = revision + 1
      WHERE library_id = ${libraryId} AND ${condition}`),
    db.statement(sql`UPDATE person_clusters SET is_stale = 1, is_measured = 0,
        revision = (SELECT s.revision FROM cluster_states s WHERE s.library_id = ${libraryId})
      WHERE person_id IN (SELECT f.person_id FROM faces f WHERE f.id IN (${listed})) AND ${condition}`),
    db.statement(sql`DELETE FROM face_embeddings WHERE face_id IN (${listed}) AND ${condition}`),
    insertSelectedEvents(
      db,
      sql`SELECT library_id, 'person_deleted', 'person', id, NULL, ${eventTime(atMs)} FROM (${abandoned}) ORDER BY id`,
    ),
    db.statement(sql`DELETE FROM people WHERE id IN (SELECT id FROM (${abandoned}))`),
    db.statement(
      sql`DELETE FROM person_clusters WHERE library_id = ${libraryId} AND ${condition} AND ${Number(!hasMore)}`,
    ),
  ]);
  return advanced.meta.changes === 0 ? null : { hasMore };
}

/** Ends the run without another part. */
export async function finishFaceRun(db: Database, part: Part): Promise<void> {
  await db.orm.batch([advance(db, part, null, 0)]);
}

/** Libraries with faces that were not compared, or people who were not measured, while detection is turned on. */
export async function listUngroupedLibraries(db: Database, model: string, limit: number): Promise<string[]> {
  const rows = await db.orm.all<{ library_id: string }>(sql`SELECT s.library_id FROM cluster_states s
    CROSS JOIN libraries l ON l.id = s.library_id CROSS JOIN users u ON u.id = l.user_id
    WHERE l.trashed_at IS NULL AND u.face_detection_preference = 1 AND (
      EXISTS (SELECT 1 FROM face_embeddings e INDEXED BY face_embeddings_waiting
        WHERE e.library_id = s.library_id AND e.model = ${model} AND e.waiting = 2 AND e.waiting > 0)
      OR EXISTS (SELECT 1 FROM person_clusters c INDEXED BY person_clusters_unmeasured WHERE c.library_id = s.library_id
        AND c.is_measured = 0 AND (c.is_stale = 1 OR (c.model = ${model} AND c.sum IS NOT NULL))))
    LIMIT ${limit}`);
  return rows.map((row) => row.library_id);
}

export async function findLibraryOfAsset(db: Database, assetId: string): Promise<string | null> {
  const [row] = await db.orm.all<{ library_id: string }>(sql`SELECT library_id FROM assets WHERE id = ${assetId}`);
  return row?.library_id ?? null;
}
