/** The row behind a media URL: whether its file is still shown, the digest of its bytes, and its size. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { ReadMemory } from "../readMemory.ts";

export interface MediaFileRow {
  libraryId: string;
  /** Milliseconds since 1970; null for a live asset. */
  trashedAt: number | null;
  /** SHA-256 of the original of this version, base64; null for a poster. */
  checksum: string | null;
  /** Longest edge of the version as the API states it; 0 if unknown, null for a poster. */
  edgePx: number | null;
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
}

/** `findMediaFile`, or what it found within the last `MEDIA_FILE_MEMORY_MS`, unless this isolate changed it since. */
export async function findRecentMediaFile(
  db: Database,
  file: MediaFileKey,
  nowMs: number,
): Promise<MediaFileRow | null> {
  const key = `${file.assetId}/${file.versionId}`;
  const known = remembered.get(db.binding, key, nowMs);
  if (known !== undefined) return known;
  const remember = remembered.begin(db.binding, key, nowMs);
  const row = await findMediaFile(db, file);
  if (row !== null) remember(row);
  return row;
}

/**
 * Finds the file of a version or poster that belongs to an asset of a live library. Null once it was deleted or
 * replaced, or its trash was cleared. Reads two or three rows.
 */
export async function findMediaFile(db: Database, { assetId, versionId }: MediaFileKey): Promise<MediaFileRow | null> {
  const [row] = await db.orm.all<MediaFileRow>(sql`SELECT a.library_id AS "libraryId", a.trashed_at AS "trashedAt",
      CASE WHEN coalesce(a.original_version_id, a.current_version_id) = ${versionId} THEN a.checksum
        ELSE v.checksum END AS checksum,
      CASE WHEN ${versionId} = a.current_version_id THEN max(a.width, a.height)
        ELSE max(v.width, v.height) END AS "edgePx"
    FROM assets a JOIN libraries l ON l.id = a.library_id
      LEFT JOIN asset_versions v ON v.id = ${versionId} AND v.asset_id = a.id
    WHERE a.id = ${assetId} AND l.trashed_at IS NULL
      AND (a.trashed_at IS NULL OR a.trashed_at > l.trash_cleared_at)
      AND (v.id IS NOT NULL OR ${versionId} IN (a.current_version_id, a.original_version_id, a.poster_version_id))`);
  return row ?? null;
}
