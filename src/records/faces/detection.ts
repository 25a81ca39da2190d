/** What automatic face detection reads of an asset, and how it replaces the faces that it found before. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { FACE_SOURCES } from "../schema/people/peopleTables.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { reopenTasks } from "../tasks/tasks.ts";
import { deleteFaces, insertFaces, type NewFace } from "./assignments.ts";

/** The choices of a library's owner. */
export interface DetectionSettings {
  preference: boolean | null;
  homeCountry: string | null;
  homeSubdivision: string | null;
}

export interface KnownFace {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  source: (typeof FACE_SOURCES)[number];
  model: string | null;
  confidence: number | null;
  /** A user assigned or detached the face, or chose it as a portrait: it is never deleted. */
  isTouched: boolean;
  /** The model of its embedding; null without one. */
  embeddingModel: string | null;
}

export interface DetectionInput {
  settings: DetectionSettings;
  /** Size of the original upload as displayed; 0 if unknown. */
  width: number;
  height: number;
  faces: KnownFace[];
  /** Identifies this state of the faces. */
  facesJson: string;
}

const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const row = z.object({
  preference: z.literal([0, 1]).nullable(),
  home_country: z.string().nullable(),
  home_subdivision: z.string().nullable(),
  width: z.int(),
  height: z.int(),
  faces: z.string(),
});

const knownFace = z
  .object({
    id: z.string(),
    x: z.number(),
    y: z.number(),
    w: z.number(),
    h: z.number(),
    source: z.enum(FACE_SOURCES),
    model: z.string().nullable(),
    confidence: z.number().nullable(),
    isTouched: flag,
    embeddingModel: z.string().nullable(),
  })
  .array();

/** The faces of an asset as one JSON text. */
function facesJson(assetId: string): SQL {
  return sql`(SELECT json_group_array(json(k.face)) FROM (SELECT json_object('id', f.id, 'x', f.x, 'y', f.y, 'w', f.w,
      'h', f.h, 'source', f.source, 'model', f.model, 'confidence', f.confidence,
      'isTouched', f.source = 'manual' OR f.assigned_by IS 'user'
        OR EXISTS (SELECT 1 FROM face_rejections r WHERE r.face_id = f.id)
        OR EXISTS (SELECT 1 FROM people p INDEXED BY people_by_portrait WHERE p.thumbnail_face_id = f.id),
      'embeddingModel', (SELECT e.model FROM face_embeddings e WHERE e.face_id = f.id)) AS face
    FROM faces f INDEXED BY faces_by_asset WHERE f.asset_id = ${assetId} ORDER BY f.id) k)`;
}

/** Reads the faces of an asset and the settings of its library's owner. Null if the asset was deleted. */
export async function readDetectionInput(db: Database, assetId: string): Promise<DetectionInput | null> {
  const [rows = []] = await db.select([
    sql`SELECT u.face_detection_preference AS preference, u.home_country, u.home_subdivision,
        coalesce(v.width, a.width) AS width, coalesce(v.height, a.height) AS height, ${facesJson(assetId)} AS faces
      FROM assets a CROSS JOIN libraries l ON l.id = a.library_id CROSS JOIN users u ON u.id = l.user_id
        LEFT JOIN asset_versions v ON v.id = a.original_version_id
      WHERE a.id = ${assetId}`,
  ]);
  if (rows.length === 0) return null;
  const { preference, home_country: homeCountry, home_subdivision: homeSubdivision, ...read } = row.parse(rows[0]);
  return {
    settings: { preference: preference === null ? null : preference === 1, homeCountry, homeSubdivision },
    width: read.width,
    height: read.height,
    faces: knownFace.parse(JSON.parse(read.faces)),
    facesJson: read.faces,
  };
}

/** A box found again: the face keeps its id and its person. */
export interface UpdatedFace {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  confidence: number;
}

export interface NewEmbedding {
  faceId: string;
  vector: Int8Array;
}

export interface FaceReplacement {
  asset: { id: string; libraryId: string; userId: string };
  model: string;
  /** `facesJson` of the state that the replacement was planned from. */
  facesJson: string;
  inserted: NewFace[];
  updated: UpdatedFace[];
  deletedIds: string[];
  embeddings: NewEmbedding[];
  atMs: number;
}

function hexOf(vector: Int8Array): string {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).toHex();
}

function updateFaces(db: Database, { updated, model, atMs }: FaceReplacement, isCurrent: SQL) {
  const source = sql`${jsonEach(updated)} u CROSS JOIN faces f ON f.id = u.value ->> 'id' WHERE ${isCurrent}`;
  return [
    insertSelectedEvents(
      db,
      sql`SELECT f.library_id, 'face_updated', 'face', f.id,
        json_object('person_id', f.person_id, 'previous_person_id', f.person_id), ${eventTime(atMs)}
        FROM ${source} ORDER BY f.id`,
    ),
    db.statement(sql`UPDATE faces SET x = u.x, y = u.y, w = u.w, h = u.h, confidence = u.confidence, model = ${model},
        updated_at = ${atMs}
      FROM (SELECT f.id, u.value ->> 'x' AS x, u.value ->> 'y' AS y, u.value ->> 'w' AS w, u.value ->> 'h' AS h,
        u.value ->> 'confidence' AS confidence FROM ${source}) u WHERE faces.id = u.id`),
  ] as const;
}

function saveEmbeddings(db: Database, { embeddings, model }: FaceReplacement, isCurrent: SQL) {
  const rows = embeddings.map(({ faceId, vector }) => ({ id: faceId, vector: hexOf(vector) }));
  return db.statement(sql`INSERT INTO face_embeddings (face_id, library_id, asset_id, model, vector, waiting, revision)
    SELECT f.id, f.library_id, f.asset_id, ${model}, unhex(e.value ->> 'vector'), 0, 0
    FROM ${jsonEach(rows)} e CROSS JOIN faces f ON f.id = e.value ->> 'id' WHERE ${isCurrent}
    ON CONFLICT (face_id) DO UPDATE SET model = excluded.model, vector = excluded.vector`);
}

/** Below the largest safe integer, in which SQLite and JavaScript agree. */
function newToken(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 20) * 2 ** 32 + low;
}

/**
 * Replaces faces with embeddings, events and the tasks that follow in one batch. Returns false, without any change, if
 * the asset's faces are not those that the replacement was planned from, or if detection was switched off meanwhile.
 */
export async function replaceFaces(db: Database, replacement: FaceReplacement): Promise<boolean> {
  const { asset, inserted, deletedIds, atMs } = replacement;
  const { id: assetId, libraryId, userId } = asset;
  const token = sqlNumber(newToken());
  const isCurrent = sql`EXISTS (SELECT 1 FROM cluster_states t WHERE t.library_id = ${libraryId} AND t.token = ${token})`;
  const isUnchanged = sql`${facesJson(assetId)} = ${replacement.facesJson}
    AND EXISTS (SELECT 1 FROM assets a CROSS JOIN libraries l ON l.id = a.library_id CROSS JOIN users u ON u.id = l.user_id
      WHERE a.id = ${assetId} AND a.library_id = ${libraryId} AND u.face_detection_preference = 1)`;
  const ids = sql`SELECT value FROM ${jsonEach(deletedIds)}`;
  const results = await db.orm.batch([
    db.statement(sql`INSERT INTO cluster_states (library_id, token) SELECT ${libraryId}, ${token} WHERE ${isUnchanged}
      ON CONFLICT (library_id) DO UPDATE SET revision = revision + 1, token = excluded.token`),
    ...deleteFaces(db, ids, { condition: isCurrent, atMs }),
    ...updateFaces(db, replacement, isCurrent),
    ...insertFaces(db, inserted, { condition: isCurrent, atMs }),
    saveEmbeddings(db, replacement, isCurrent),
    reopenTasks(
      db,
      { assetId, libraryId, userId, types: ["face_clustering", "person_metrics_refresh"], atMs },
      isCurrent,
    ),
    db.statement(
      sql`SELECT count(*) AS saved FROM cluster_states WHERE library_id = ${libraryId} AND token = ${token}`,
    ),
  ]);
  const rows = z.object({ results: z.array(z.object({ saved: z.int() })) }).parse(results.at(-1)).results;
  return rows[0]?.saved === 1;
}

const counts = z.object({ faces: z.int(), assigned: z.int(), is_detection_on: flag });

/** The faces of an asset, those that have a person, and whether the library's owner has detection turned on. */
export async function countAssetFaces(
  db: Database,
  assetId: string,
): Promise<{ faces: number; assigned: number; isDetectionOn: boolean }> {
  const [rows = []] = await db.select([
    sql`SELECT count(f.id) AS faces, count(f.person_id) AS assigned,
        EXISTS (SELECT 1 FROM assets a CROSS JOIN libraries l ON l.id = a.library_id CROSS JOIN users u ON u.id = l.user_id
          WHERE a.id = ${assetId} AND u.face_detection_preference = 1) AS is_detection_on
      FROM faces f INDEXED BY faces_by_asset WHERE f.asset_id = ${assetId}`,
  ]);
  const { is_detection_on: isDetectionOn, ...read } = counts.parse(rows[0]);
  return { ...read, isDetectionOn };
}
