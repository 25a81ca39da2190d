/**
 * Inserts and deletes faces and changes their persons. Every such change is made of these statements, each group of
 * them an element of the batch of the change, with its events. All statements of a group select by the state before the
 * group's last one, which changes the faces: a repeated batch changes nothing.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import type { FaceSource } from "../schema/people/peopleTables.ts";
import { jsonEach } from "../sql/jsonList.ts";

export interface NewFace {
  id: string;
  assetId: string;
  /** Ignored unless it is a person of the asset's library. */
  personId: string | null;
  x: number;
  y: number;
  w: number;
  h: number;
  timestampMs: number | null;
  confidence: number | null;
  source: FaceSource;
  /** `name@version` of the recognizer; null for a manual face. */
  model: string | null;
}

/** Why faces change their persons. */
export type AssignmentReason =
  /** A user assigned or detached the faces: the persons that they had are rejected for them. */
  | "user"
  | "clustering"
  /** The persons were merged: faces keep the origin of their assignment. */
  | "merge"
  | "person_deleted"
  /** The assets moved to another library. */
  | "moved";

export interface AssignmentChange {
  reason: AssignmentReason;
  /** Must hold in each statement of the group. */
  condition?: SQL;
  atMs: number;
}

const ALWAYS = sql`TRUE`;

/** Inserts faces of existing assets, each into its asset's library. The faces of a user are assigned by the user. */
export function insertFaces(
  db: Database,
  faces: readonly NewFace[],
  { condition = ALWAYS, atMs }: { condition?: SQL; atMs: number },
) {
  const field = (name: keyof NewFace): SQL => sql`f.value ->> ${sql.raw(`'${name}'`)}`;
  const source = sql`${jsonEach(faces)} f CROSS JOIN assets a ON a.id = ${field("assetId")}
    LEFT JOIN people p ON p.id = ${field("personId")} AND p.library_id = a.library_id
    WHERE NOT EXISTS (SELECT 1 FROM faces e WHERE e.id = ${field("id")}) AND ${condition} ORDER BY f.key`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT a.library_id, 'face_created', 'face', ${field("id")}, NULL, ${eventTime(atMs)} FROM ${source}`,
    ),
    db.statement(sql`INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, timestamp_ms, confidence, source,
        assigned_by, model, trashed_at, created_at, updated_at)
      SELECT ${field("id")}, a.library_id, a.id, p.id, ${field("x")}, ${field("y")}, ${field("w")}, ${field("h")},
        ${field("timestampMs")}, ${field("confidence")}, ${field("source")},
        CASE WHEN p.id IS NOT NULL THEN iif(${field("source")} = 'manual', 'user', 'clustering') END,
        ${field("model")}, a.trashed_at, ${atMs}, ${atMs} FROM ${source}`),
  ] as const;
}

/**
 * Unpins the portraits that leave their person, with an event of each person, unless the person is about to be deleted.
 * `moves` is a SELECT of `id`, `person_id`, `former_id` and `is_deleted`.
 */
function unpinPortraits(db: Database, moves: SQL, atMs: number, isFormerDeleted = false) {
  const unpinned = sql`FROM (${moves}) m CROSS JOIN people p INDEXED BY people_by_portrait ON p.thumbnail_face_id = m.id
    WHERE p.id IS NOT m.person_id AND (m.person_id IS NOT NULL OR m.former_id = p.id OR m.is_deleted)`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT p.library_id, 'person_updated', 'person', p.id, NULL, ${eventTime(atMs)} ${unpinned}
        AND ${isFormerDeleted ? sql`p.id IS NOT m.former_id` : ALWAYS} ORDER BY p.id`,
    ),
    db.statement(sql`UPDATE people SET thumbnail_face_id = NULL, updated_at = ${atMs}
      WHERE id IN (SELECT p.id ${unpinned})`),
  ] as const;
}

/**
 * Clustering never assigns a face again to a person from whom a user took it, until a user gives it back: by itself, or
 * with a person who is merged.
 */
function changeRejections(db: Database, moves: SQL, reason: AssignmentReason) {
  const taken = db.statement(sql`INSERT INTO face_rejections (face_id, person_id)
    SELECT m.id, m.former_id FROM (${moves}) m WHERE m.former_id IS NOT NULL ON CONFLICT DO NOTHING`);
  const given = db.statement(sql`DELETE FROM face_rejections
    WHERE (face_id, person_id) IN (SELECT m.id, m.person_id FROM (${moves}) m)`);
  if (reason === "user") return [taken, given];
  return reason === "merge" ? [given] : [];
}

/** A merged person stays rejected for the faces that a user took from them. Runs after their faces have moved. */
export function mergeRejections(db: Database, sourceIds: readonly string[], targetId: string) {
  return db.statement(sql`INSERT INTO face_rejections (face_id, person_id)
    SELECT r.face_id, ${targetId} FROM ${jsonEach(sourceIds)} w CROSS JOIN face_rejections r ON r.person_id = w.value
      CROSS JOIN faces f ON f.id = r.face_id
      WHERE f.person_id IS NOT ${targetId} ON CONFLICT DO NOTHING`);
}

/** The origin of the assignment after a change. */
function assignedBy(reason: AssignmentReason): SQL {
  if (reason === "merge") return sql`assigned_by`;
  return reason === "user" || reason === "clustering" ? sql`${reason}` : sql`NULL`;
}

/**
 * Sets the persons of faces. `moves` is a SELECT of `id` and `person_id`, null to unassign the face; it may list faces
 * that have the person already, which stay unchanged, as do faces of other libraries than the person's.
 */
export function assignFaces(db: Database, moves: SQL, { reason, condition = ALWAYS, atMs }: AssignmentChange) {
  const changes = sql`SELECT f.id, f.library_id, w.person_id, f.person_id AS former_id, FALSE AS is_deleted
    FROM (${moves}) w CROSS JOIN faces f ON f.id = w.id
    WHERE f.person_id IS NOT w.person_id AND ${condition} AND (w.person_id IS NULL
      OR EXISTS (SELECT 1 FROM people t WHERE t.id = w.person_id AND t.library_id = f.library_id))`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT m.library_id, 'face_updated', 'face', m.id,
        json_object('person_id', m.person_id, 'previous_person_id', m.former_id), ${eventTime(atMs)}
        FROM (${changes}) m ORDER BY m.id`,
    ),
    ...unpinPortraits(db, changes, atMs, reason === "merge" || reason === "person_deleted"),
    ...changeRejections(db, changes, reason),
    db.statement(sql`UPDATE faces SET person_id = m.person_id, updated_at = ${atMs},
        assigned_by = CASE WHEN m.person_id IS NOT NULL THEN ${assignedBy(reason)} END
      FROM (${changes}) m WHERE faces.id = m.id`),
  ] as const;
}

/** Deletes faces. `ids` is a SELECT of their ids. */
export function deleteFaces(db: Database, ids: SQL, { condition = ALWAYS, atMs }: { condition?: SQL; atMs: number }) {
  const deleted = sql`SELECT f.id, f.library_id, f.asset_id, NULL AS person_id, f.person_id AS former_id, TRUE AS is_deleted
    FROM faces f WHERE f.id IN (${ids}) AND ${condition}`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT m.library_id, 'face_deleted', 'face', m.id, json_object('asset_id', m.asset_id, 'previous_person_id', m.former_id),
        ${eventTime(atMs)} FROM (${deleted}) m ORDER BY m.id`,
    ),
    ...unpinPortraits(db, deleted, atMs),
    db.statement(sql`DELETE FROM faces WHERE id IN (SELECT m.id FROM (${deleted}) m)`),
  ] as const;
}

/**
 * Moves the faces of assets to another library: they leave their people, and the people lose portraits that move. The
 * assets are in the other library already, or in the same batch. `assetIds` is a SELECT.
 */
export function moveFaces(db: Database, assetIds: SQL, libraryId: string, atMs: number) {
  const moving = (columns: SQL): SQL => sql`SELECT f.id, ${columns} FROM faces f WHERE f.asset_id IN (${assetIds})`;
  const unassigned = moving(sql`NULL AS person_id, NULL AS former_id, TRUE AS is_deleted`);
  return [
    ...assignFaces(db, moving(sql`NULL AS person_id`), { reason: "moved", atMs }),
    ...unpinPortraits(db, unassigned, atMs),
    db.statement(sql`UPDATE faces SET library_id = ${libraryId}, updated_at = ${atMs}
      WHERE asset_id IN (${assetIds}) AND library_id <> ${libraryId}`),
  ] as const;
}
