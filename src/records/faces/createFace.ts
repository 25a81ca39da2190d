/** Inserts a face that a user drew. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { faces } from "../schema/schema.ts";
import { runQueries } from "../sql/query.ts";
import { insertFaces, type NewFace } from "./assignments.ts";
import { faceJson } from "./faceJson.ts";

/** Faces that an asset may have, automatic ones included: larger groups are no portraits. */
export const MAX_FACES_PER_ASSET = 1000;

/** The picture that a box is drawn on. */
export interface FaceTarget {
  id: string;
  libraryId: string;
  mediaType: "image" | "video";
  currentVersionId: string;
  posterVersionId: string | null;
  /** Size of the original upload as displayed; 0 if unknown. */
  width: number;
  height: number;
  faceCount: number;
}

export interface FaceTargetQuery {
  assetId: string;
  personId: string | null;
}

/** The asset, if it is in scope, and the library of the person, if the person is in scope. */
export async function findFaceTarget(
  db: Database,
  scope: LibraryScope,
  { assetId, personId }: FaceTargetQuery,
): Promise<{ asset: FaceTarget | null; personLibraryId: string | null }> {
  const [asset, personLibraryId] = await runQueries<[FaceTarget | null, string | null]>(db, [
    {
      sql: sql`SELECT a.id, a.library_id, a.media_type, a.current_version_id, a.poster_version_id,
          coalesce(v.width, a.width) AS width, coalesce(v.height, a.height) AS height,
          (SELECT count(*) FROM faces f WHERE f.asset_id = a.id) AS face_count
        FROM assets a LEFT JOIN asset_versions v ON v.id = a.original_version_id
        WHERE a.id = ${assetId} AND ${inScope(scope, sql`a.library_id`, sql`a.trashed_at`)}`,
      parse: ([row]) => {
        if (row === undefined) return null;
        const poster = row["poster_version_id"];
        return {
          id: assetId,
          libraryId: String(row["library_id"]),
          mediaType: row["media_type"] === "video" ? "video" : "image",
          currentVersionId: String(row["current_version_id"]),
          posterVersionId: typeof poster === "string" ? poster : null,
          width: Number(row["width"]),
          height: Number(row["height"]),
          faceCount: Number(row["face_count"]),
        };
      },
    },
    {
      sql:
        personId === null
          ? null
          : sql`SELECT p.library_id FROM people p WHERE p.id = ${personId} AND ${inScope(scope, sql`p.library_id`)}`,
      parse: ([row]) => (row === undefined ? null : String(row["library_id"])),
    },
  ]);
  return { asset, personLibraryId };
}

/** Inserts a face of an asset of the library. Returns false if the person, or the asset, was deleted meanwhile. */
export async function insertManualFace(
  db: Database,
  libraryId: string,
  face: NewFace,
  atMs: number,
  request: IdempotentRequest | null,
): Promise<boolean> {
  const { personId } = face;
  const hasPerson =
    personId === null
      ? sql`TRUE`
      : sql`EXISTS (SELECT 1 FROM people t WHERE t.id = ${personId} AND t.library_id = ${libraryId})`;
  const condition = sql`a.library_id = ${libraryId} AND ${hasPerson}`;
  const [, , rows] = await db.orm.batch([
    ...insertFaces(db, [face], { condition, atMs }),
    db.orm
      .select({ id: faces.id })
      .from(faces)
      .where(sql`id = ${face.id}`),
    ...insertIdempotentResult(
      db,
      request,
      {
        table: faces,
        id: face.id,
        result: sql`json_object('libraryId', library_id, 'face', json((
          SELECT ${faceJson(sql.raw("faces"), sql.raw("a"))} FROM assets a WHERE a.id = faces.asset_id)))`,
      },
      atMs,
    ),
  ]);
  return rows.length > 0;
}
