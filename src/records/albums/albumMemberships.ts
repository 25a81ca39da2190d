/** Reads album memberships: one by id, or a page of a library's. */
import { and, desc, eq, getTableColumns, gt, isNull, sql, Subquery, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import {
  inScope,
  isVisible,
  selectLiveLibraries,
  trashClearedAtOf,
  type LibraryState,
  type LibraryScope,
} from "../libraries/libraries.ts";
import { albumAssets, albums } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { selectAlbumLibrary } from "./albums.ts";

const { sortKey: _sortKey, ...columns } = getTableColumns(albumAssets);

export type AlbumMembership = Omit<typeof albumAssets.$inferSelect, "sortKey">;

function selectMembership(db: Database, scope: LibraryScope, id: string | null) {
  return db.orm
    .select(columns)
    .from(albumAssets)
    .innerJoin(albums, eq(albums.id, albumAssets.albumId))
    .where(
      and(
        eq(albumAssets.id, id ?? ""),
        eq(albums.userId, scope.userId),
        isNull(albums.deletedAt),
        inScope(scope, albumAssets.libraryId, albumAssets.trashedAt),
      ),
    );
}

export async function findAlbumMembership(
  db: Database,
  scope: LibraryScope,
  id: string,
): Promise<AlbumMembership | null> {
  return (await selectMembership(db, scope, id).get()) ?? null;
}

export interface MembershipFilter {
  albumId: string | null;
  assetId: string | null;
  ids: string[] | null;
}

export interface MembershipListContext {
  libraries: LibraryState[];
  /** The library of `albumId`; null if the album is missing or another user's. */
  albumLibraryId: string | null;
  cursorLibraryId: string | null;
  /** Deleted albums whose memberships still exist: empty unless a large album is being deleted. */
  hiddenAlbumIds: string[];
}

function selectHiddenAlbums(db: Database, { userId }: LibraryScope) {
  return db.orm
    .select({ id: albums.id })
    .from(albums)
    .where(and(gt(albums.deletedAt, 0), eq(albums.userId, userId)));
}

/** Reads the inputs of a page query in one round trip. */
export async function readMembershipContext(
  db: Database,
  scope: LibraryScope,
  params: { libraryId: string | null; albumId: string | null; startingAfterId: string | null },
): Promise<MembershipListContext> {
  const [libraries, albumRows, cursors, hidden] = await db.orm.batch([
    selectLiveLibraries(db, scope, params.libraryId),
    selectAlbumLibrary(db, scope, params.albumId),
    selectMembership(db, scope, params.startingAfterId),
    selectHiddenAlbums(db, scope),
  ]);
  return {
    libraries,
    albumLibraryId: albumRows[0]?.libraryId ?? null,
    cursorLibraryId: cursors[0]?.libraryId ?? null,
    hiddenAlbumIds: hidden.map(({ id }) => id),
  };
}

/** Chooses the narrowest index. Only the memberships of an asset are sorted, which are few. */
function pageSource({ albumId, assetId, ids }: MembershipFilter): SQL {
  if (ids !== null) return sql`${jsonEach(ids)} v CROSS JOIN album_assets l ON l.id = v.value`;
  if (albumId !== null && assetId !== null) return sql`album_assets l INDEXED BY album_assets_pair`;
  if (albumId !== null) return sql`album_assets l INDEXED BY album_assets_by_album`;
  return assetId === null
    ? sql`album_assets l INDEXED BY album_assets_by_id`
    : sql`album_assets l INDEXED BY album_assets_by_asset`;
}

export interface MembershipListRequest extends MembershipFilter {
  libraryId: string;
  hiddenAlbumIds: string[];
  startingAfterId: string | null;
  limit: number;
}

/** Newest first: ids sort by time. Includes memberships of trashed assets. */
export async function listAlbumMemberships(
  db: Database,
  request: MembershipListRequest,
): Promise<{ memberships: AlbumMembership[]; hasMore: boolean }> {
  const { libraryId, albumId, assetId, startingAfterId, limit } = request;
  const ids = request.ids === null ? null : [...new Set(request.ids)];
  const where = [
    sql`l.library_id = ${libraryId}`,
    isVisible(sql`l.trashed_at`, trashClearedAtOf(libraryId)),
    // Memberships of an album that is being deleted are skipped row by row until then.
    ...(request.hiddenAlbumIds.length === 0 ? [] : [sql`NOT ${inList(sql`l.album_id`, request.hiddenAlbumIds)}`]),
    ...(albumId === null ? [] : [sql`l.album_id = ${albumId}`]),
    ...(assetId === null ? [] : [sql`l.asset_id = ${assetId}`]),
    ...(startingAfterId === null ? [] : [sql`l.id < ${startingAfterId}`]),
  ];
  const page = sql`SELECT l.* FROM ${pageSource({ albumId, assetId, ids })} WHERE ${sql.join(where, sql` AND `)}
    ORDER BY l.id DESC LIMIT ${limit + 1}`;
  const rows = await db.orm
    .select(columns)
    .from(new Subquery(page, columns, "album_assets"))
    .orderBy(desc(albumAssets.id));
  return { memberships: rows.slice(0, limit), hasMore: rows.length > limit };
}
