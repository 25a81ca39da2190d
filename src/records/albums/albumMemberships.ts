/** Reads album memberships: one by id, or a page of a library's. */
import { and, eq, getTableColumns, isNull, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { trashClearedAtOf } from "../libraries/libraries.ts";
import { inScope, isLibraryMember, isVisible, type LibraryScope } from "../libraries/libraryScope.ts";
import { albumAssets, albums } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { rowReader, type Query } from "../sql/query.ts";

const { sortKey: _sortKey, ...columns } = getTableColumns(albumAssets);

export type AlbumMembership = Omit<typeof albumAssets.$inferSelect, "sortKey">;

function selectMembership(db: Database, scope: LibraryScope, id: string) {
  return db.orm
    .select(columns)
    .from(albumAssets)
    .innerJoin(albums, eq(albums.id, albumAssets.albumId))
    .where(
      and(
        eq(albumAssets.id, id),
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

export interface MembershipCheck {
  /** The library of `albumId`; null if the album is missing or out of scope. */
  albumLibraryId: string | null;
  /** The library of the membership `startingAfterId`; null if it is missing or out of scope. */
  cursorLibraryId: string | null;
  /** Deleted albums whose memberships still exist: empty unless a large album is being deleted. */
  hiddenAlbumIds: string[];
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
const idList = z.array(z.string());

/** Facts to check about a page's album and cursor, and the albums that the page leaves out. */
export function membershipCheckQuery(
  scope: LibraryScope,
  { albumId, startingAfterId }: { albumId: string | null; startingAfterId: string | null },
): Query<MembershipCheck> {
  const album = sql`(SELECT library_id FROM albums WHERE id = ${albumId} AND deleted_at IS NULL
    AND ${isLibraryMember(scope, sql`albums.library_id`)})`;
  const cursor = sql`(SELECT l.library_id FROM album_assets l CROSS JOIN albums a ON a.id = l.album_id
    WHERE l.id = ${startingAfterId} AND a.deleted_at IS NULL
      AND ${inScope(scope, sql`l.library_id`, sql`l.trashed_at`)})`;
  const hidden = sql`(SELECT json_group_array(id) FROM albums WHERE deleted_at > 0
    AND ${isLibraryMember(scope, sql`albums.library_id`)})`;
  return {
    sql: sql`SELECT ${albumId === null ? sql`NULL` : album} AS album_library,
      ${startingAfterId === null ? sql`NULL` : cursor} AS cursor_library, ${hidden} AS hidden`,
    parse: ([row]) => ({
      albumLibraryId: textOrNull(row?.["album_library"]),
      cursorLibraryId: textOrNull(row?.["cursor_library"]),
      hiddenAlbumIds: idList.parse(JSON.parse(textOrNull(row?.["hidden"]) ?? "[]")),
    }),
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

export interface MembershipPage {
  memberships: AlbumMembership[];
  hasMore: boolean;
}

const readMembership = rowReader(columns);

/** A page of memberships, newest first: ids sort by time. Includes memberships of trashed assets. */
export function membershipPageQuery(request: MembershipListRequest): Query<MembershipPage> {
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
  return {
    sql: sql`SELECT l.* FROM ${pageSource({ albumId, assetId, ids })} WHERE ${sql.join(where, sql` AND `)}
      ORDER BY l.id DESC LIMIT ${limit + 1}`,
    parse: (rows) => ({ memberships: rows.slice(0, limit).map(readMembership), hasMore: rows.length > limit }),
  };
}
