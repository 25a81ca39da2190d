/**
 * Pairs of a live photo: a photo and a film of one library with the same content identifier. Triggers reopen the poster
 * task of the film when its still photo changes (migrations/0053).
 */
import { sql } from "drizzle-orm";
import { assetColumns, parseAssetRow, type Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { assets } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";

/** The identifier that a pair shares, in its library. */
export interface PairKey {
  libraryId: string;
  livePhotoCid: string;
}

/**
 * Finds the photo of a film: a live one, of several the one that was uploaded first. A film in the trash keeps a photo
 * that is in the trash too.
 */
export async function findStillPhoto(db: Database, film: Asset): Promise<Asset | null> {
  const { livePhotoCid } = film.metadata;
  if (livePhotoCid === null) return null;
  const isShown = film.trashedAt === null ? sql`s.trashed_at IS NULL` : sql`true`;
  const row = await db.orm
    .select(assetColumns)
    .from(assets)
    .where(
      sql`${assets.id} = (SELECT s.id FROM assets s INDEXED BY assets_by_live_photo
        WHERE s.library_id = ${film.libraryId} AND s.live_photo_cid = ${livePhotoCid} AND s.media_type = 'image'
          AND ${isShown}
        ORDER BY s.trashed_at IS NOT NULL, s.id LIMIT 1)`,
    )
    .get();
  return row === undefined ? null : parseAssetRow(row);
}

/** Lists films of the pairs whose tasks are pending. */
export async function listReopenedFilms(db: Database, pairs: PairKey[]): Promise<string[]> {
  const libraryIds = [...new Set(pairs.map(({ libraryId }) => libraryId))];
  const identifiers = [...new Set(pairs.map(({ livePhotoCid }) => livePhotoCid))];
  const rows = await db.orm.all<{ id: string }>(sql`SELECT f.id AS id
    FROM assets f INDEXED BY assets_by_live_photo CROSS JOIN asset_tasks k ON k.asset_id = f.id
    WHERE ${inList(sql`f.library_id`, libraryIds)} AND ${inList(sql`f.live_photo_cid`, identifiers)}
      AND f.media_type = 'video' AND k.due_at IS NOT NULL`);
  return rows.map(({ id }) => id);
}
