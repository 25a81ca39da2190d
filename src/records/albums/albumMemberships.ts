/** The links between albums and assets as they are read: one, or a page of a library's. Changes none. */
import { and, desc, eq, getTableColumns, sql, Subquery, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { emptiedAtOf, selectLiveLibraries, withinReach, type Library, type Reach } from "../libraries/libraries.ts";
import { albumAssets, albums } from "../schema/schema.ts";

const { sortKey: _sortKey, ...columns } = getTableColumns(albumAssets);

export type AlbumLink = Omit<typeof albumAssets.$inferSelect, "sortKey">;

function selectLink(db: Database, reach: Reach, linkId: string | null) {
  return db.orm
    .select(columns)
    .from(albumAssets)
    .innerJoin(albums, eq(albums.id, albumAssets.albumId))
    .where(
      and(
        eq(albumAssets.id, linkId ?? ""),
        eq(albums.userId, reach.userId),
        withinReach(reach, sql`${albumAssets.libraryId}`, sql`${albumAssets.trashedAt}`),
      ),
    );
}

export async function findAlbumLink(db: Database, reach: Reach, id: string): Promise<AlbumLink | null> {
  return (await selectLink(db, reach, id).get()) ?? null;
}

export interface LinkFilter {
  albumId: string | null;
  assetId: string | null;
  ids: string[] | null;
}

export interface LinkContext {
  libraries: Library[];
  /** Whose album `albumId` is; null for nobody's that the reach covers. */
  albumLibraryId: string | null;
  cursorLibraryId: string | null;
}

/** What a page must know before it is read, in one round trip. */
export async function readLinkContext(
  db: Database,
  reach: Reach,
  question: { libraryId: string | null; albumId: string | null; startingAfterId: string | null },
): Promise<LinkContext> {
  const [libraries, albumRows, cursors] = await db.orm.batch([
    selectLiveLibraries(db, reach, question.libraryId),
    db.orm
      .select({ libraryId: albums.libraryId })
      .from(albums)
      .where(and(eq(albums.id, question.albumId ?? ""), eq(albums.userId, reach.userId))),
    selectLink(db, reach, question.startingAfterId),
  ]);
  return {
    libraries,
    albumLibraryId: albumRows[0]?.libraryId ?? null,
    cursorLibraryId: cursors[0]?.libraryId ?? null,
  };
}

/** The narrowest index. Only an asset's own links are not in order of ids: they are as few as the albums it is in. */
function source({ albumId, assetId, ids }: LinkFilter): SQL {
  if (ids !== null) return sql`json_each(${JSON.stringify(ids)}) v CROSS JOIN album_assets l ON l.id = v.value`;
  if (albumId !== null && assetId !== null) return sql`album_assets l INDEXED BY album_assets_pair`;
  if (albumId !== null) return sql`album_assets l INDEXED BY album_assets_by_album`;
  return assetId === null
    ? sql`album_assets l INDEXED BY album_assets_by_id`
    : sql`album_assets l INDEXED BY album_assets_by_asset`;
}

export interface LinkRequest extends LinkFilter {
  libraryId: string;
  startingAfterId: string | null;
  limit: number;
}

/** Newest first: ids are minted in order of time. Links of trashed assets are among them. */
export async function listAlbumLinks(
  db: Database,
  request: LinkRequest,
): Promise<{ links: AlbumLink[]; hasMore: boolean }> {
  const { libraryId, albumId, assetId, startingAfterId, limit } = request;
  const ids = request.ids === null ? null : [...new Set(request.ids)];
  const where = [
    sql`l.library_id = ${libraryId}`,
    sql`(l.trashed_at IS NULL OR l.trashed_at > ${emptiedAtOf(libraryId)})`,
    ...(albumId === null ? [] : [sql`l.album_id = ${albumId}`]),
    ...(assetId === null ? [] : [sql`l.asset_id = ${assetId}`]),
    ...(startingAfterId === null ? [] : [sql`l.id < ${startingAfterId}`]),
  ];
  const page = sql`SELECT l.* FROM ${source({ albumId, assetId, ids })} WHERE ${sql.join(where, sql` AND `)}
    ORDER BY l.id DESC LIMIT ${limit + 1}`;
  const rows = await db.orm
    .select(columns)
    .from(new Subquery(page, columns, "album_assets"))
    .orderBy(desc(albumAssets.id));
  return { links: rows.slice(0, limit), hasMore: rows.length > limit };
}
