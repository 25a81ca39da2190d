/** The row behind a media URL: whether its file is still shown, the digest of its bytes, and its size. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import type { FaceBox } from "../faces/faceJson.ts";
import { ReadMemory } from "../readMemory.ts";

export interface MediaFileRow {
  libraryId: string;
  /** Milliseconds since 1970; null for a live asset. */
  trashedAt: number | null;
  /** SHA-256 of the original of this version, base64; null for a poster. */
  checksum: string | null;
  mediaType: "image" | "video";
  /** Size of the version as the API states it; 0 if unknown, null for a poster. */
  width: number | null;
  height: number | null;
}

/** How long an isolate remembers that a file is shown: a player seeks, and a page shows a file in several sizes. */
export const MEDIA_FILE_MEMORY_MS = 5000;
/** Files that an isolate remembers: 1 MB. */
export const MAX_REMEMBERED_MEDIA_FILES = 2000;

const remembered = new ReadMemory<MediaFileRow>({
  lifetimeMs: MEDIA_FILE_MEMORY_MS,
  maxEntries: MAX_REMEMBERED_MEDIA_FILES,
});

interface MediaFileKey {
  assetId: string;
  versionId: string;
  /** The face that the file shows; it ends with the face and when its box changes. */
  face?: { faceId: string; box: FaceBox } | null;
}

/** `findMediaFile`, or what it found within the last `MEDIA_FILE_MEMORY_MS`, unless this isolate changed it since. */
export async function findRecentMediaFile(
  db: Database,
  file: MediaFileKey,
  nowMs: number,
): Promise<MediaFileRow | null> {
  const key = [file.assetId, file.versionId, ...(file.face == null ? [] : [JSON.stringify(file.face)])].join("/");
  const known = remembered.get(db.binding, key, nowMs);
  if (known !== undefined) return known;
  const remember = remembered.begin(db.binding, key, nowMs);
  const row = await findMediaFile(db, file);
  if (row !== null) remember(row);
  return row;
}

/** A condition: the face is on the asset, and still has the box. */
export function isFace(assetId: string, { faceId, box }: { faceId: string; box: FaceBox }): SQL {
  return sql`EXISTS (SELECT 1 FROM faces f WHERE f.id = ${faceId} AND f.asset_id = ${assetId}
    AND f.x = ${box.x} AND f.y = ${box.y} AND f.w = ${box.w} AND f.h = ${box.h})`;
}

/**
 * Finds the file of a version or poster that belongs to an asset of a live library. Null once it was deleted or
 * replaced, or its trash was cleared. Reads two or three rows, and one of a face.
 */
export async function findMediaFile(
  db: Database,
  { assetId, versionId, face = null }: MediaFileKey,
): Promise<MediaFileRow | null> {
  const [row] = await db.orm.all<MediaFileRow>(sql`SELECT a.library_id AS "libraryId", a.trashed_at AS "trashedAt",
      CASE WHEN coalesce(a.original_version_id, a.current_version_id) = ${versionId} THEN a.checksum
        ELSE v.checksum END AS checksum,
      a.media_type AS "mediaType",
      CASE WHEN ${versionId} = a.current_version_id THEN a.width ELSE v.width END AS width,
      CASE WHEN ${versionId} = a.current_version_id THEN a.height ELSE v.height END AS height
    FROM assets a JOIN libraries l ON l.id = a.library_id
      LEFT JOIN asset_versions v ON v.id = ${versionId} AND v.asset_id = a.id
    WHERE a.id = ${assetId} AND l.trashed_at IS NULL
      AND (a.trashed_at IS NULL OR a.trashed_at > l.trash_cleared_at)
      AND (v.id IS NOT NULL OR ${versionId} IN (a.current_version_id, a.original_version_id, a.poster_version_id))
      AND ${face === null ? sql`TRUE` : isFace(assetId, face)}`);
  return row ?? null;
}
