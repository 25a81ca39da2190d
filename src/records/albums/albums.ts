/** Albums. Counts, dates and cover are stored, and updated in the batch that changes them. */
import { and, desc, eq, getTableColumns, isNull, lt, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { eventTime, insertEvents, insertSelectedEvents, type NewEvent } from "../events/events.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { trashClearedAtOf } from "../libraries/libraries.ts";
import { inScope, isLibraryMember, isVisible, type LibraryScope } from "../libraries/libraryScope.ts";
import { ALBUM_NAMES, isNameTaken, namesOf, nameUnlessTaken } from "../names.ts";
import { albums, assets } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";
import { NO_QUERY, rowReader, runQueries, textQuery, type Query, type Row } from "../sql/query.ts";
import { isNullRejected } from "../sql/nullRejected.ts";

type AlbumRow = typeof albums.$inferSelect;

/** The columns from which a cover's thumbnail URL is built. */
export type Cover = Pick<
  typeof assets.$inferSelect,
  "id" | "mediaType" | "currentVersionId" | "posterVersionId" | "width" | "height"
>;

export interface Album extends AlbumRow {
  cover: Cover | null;
}

const isLive = sql`p.trashed_at IS NULL`;

/** The pinned cover if it is live, else the newest live member. */
function coverIdWhere(pinIsLive: SQL): SQL {
  return sql`coalesce(
    (SELECT p.id FROM assets p WHERE p.id = ${albums.pinnedCoverId} AND ${pinIsLive}), ${albums.newestAssetId})`;
}

const coverId = coverIdWhere(isLive);

/** One JSON object, because the asset and the album have columns of the same name. */
const cover = sql<string | null>`CASE WHEN ${assets.id} IS NOT NULL THEN json_object(
  'id', ${assets.id}, 'mediaType', ${assets.mediaType}, 'currentVersionId', ${assets.currentVersionId},
  'posterVersionId', ${assets.posterVersionId}, 'width', ${assets.width}, 'height', ${assets.height}) END`;

const coverSchema = z.object({
  id: z.string(),
  mediaType: z.enum(["image", "video"]),
  currentVersionId: z.string(),
  posterVersionId: z.string().nullable(),
  width: z.int(),
  height: z.int(),
});

function selectAlbums(db: Database) {
  return db.orm
    .select({ ...getTableColumns(albums), cover: cover.as("cover") })
    .from(albums)
    .leftJoin(assets, and(eq(assets.id, coverId), sql`${assets.trashedAt} IS NULL`))
    .$dynamic();
}

function parseAlbum(row: AlbumRow & { cover: string | null }): Album {
  return { ...row, cover: row.cover === null ? null : coverSchema.parse(JSON.parse(row.cover)) };
}

function albumsInScope(scope: LibraryScope): SQL | undefined {
  return and(isNull(albums.deletedAt), inScope(scope, albums.libraryId));
}

/** The library of an album; null if the caller is no member of it. */
export function albumLibraryQuery(scope: LibraryScope, albumId: string | null): Query<string | null> {
  if (albumId === null) return NO_QUERY;
  return textQuery(
    sql`SELECT library_id FROM albums WHERE id = ${albumId} AND deleted_at IS NULL
      AND ${isLibraryMember(scope, sql`albums.library_id`)}`,
    "library_id",
  );
}

/** A condition: the album still exists. */
export function albumExists(albumId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM albums WHERE id = ${albumId} AND deleted_at IS NULL)`;
}

const readAlbumRow = rowReader(getTableColumns(albums));

function readAlbum(row: Row): Album {
  return parseAlbum({ ...readAlbumRow(row), cover: typeof row["cover"] === "string" ? row["cover"] : null });
}

/** An album in scope. */
export function albumQuery(db: Database, scope: LibraryScope, id: string): Query<Album | null> {
  return {
    sql: selectAlbums(db)
      .where(and(eq(albums.id, id), albumsInScope(scope)))
      .getSQL(),
    parse: ([row]) => (row === undefined ? null : readAlbum(row)),
  };
}

export async function findAlbum(db: Database, scope: LibraryScope, id: string): Promise<Album | null> {
  const [album] = await runQueries(db, [albumQuery(db, scope, id)]);
  return album;
}

export interface AlbumListRequest {
  libraryId: string;
  assetId: string | null;
  ids: string[] | null;
  /** Part of the folded name. */
  foldedName: string | null;
  startingAfterId: string | null;
  limit: number;
}

export interface AlbumPage {
  albums: Album[];
  hasMore: boolean;
  /** Whether names must be folded before the page can be told by name. */
  hasUnfoldedNames: boolean;
}

/**
 * A condition: the folded name contains the text. Without another filter it reads the library's names from their index,
 * sorts the matches, and reads the albums of the page only: up to two rows for each of MAX_ALBUMS_PER_LIBRARY albums.
 * Albums whose names are not folded yet are candidates.
 */
function hasNamePart(request: AlbumListRequest, part: string): SQL {
  const matches = (name: SQLWrapper): SQL => sql`(instr(${name}, ${part}) > 0 OR ${name} IS NULL)`;
  const { libraryId, startingAfterId, limit } = request;
  if (request.assetId !== null || request.ids !== null) return matches(albums.foldedName);
  const isAfter = startingAfterId === null ? sql`` : sql` AND named.id < ${startingAfterId}`;
  return sql`${albums.id} IN (SELECT named.id FROM ${namesOf(ALBUM_NAMES, libraryId)} AND ${matches(sql`named.folded_name`)}${isAfter}
    ORDER BY named.id DESC LIMIT ${limit + 1})`;
}

/** A page of albums, newest first: ids sort by time. */
export function albumPageQuery(db: Database, request: AlbumListRequest): Query<AlbumPage> {
  const { assetId, ids, foldedName, startingAfterId, limit } = request;
  const select = selectAlbums(db)
    .where(
      and(
        // Without the index of the library, a page by name is read by its ids.
        foldedName === null
          ? eq(albums.libraryId, request.libraryId)
          : sql`+${albums.libraryId} = ${request.libraryId}`,
        isNull(albums.deletedAt),
        startingAfterId === null ? undefined : lt(albums.id, startingAfterId),
        assetId === null
          ? undefined
          : sql`${albums.id} IN (SELECT album_id FROM album_assets WHERE asset_id = ${assetId}
              AND ${isVisible(sql`trashed_at`, trashClearedAtOf(request.libraryId))})`,
        ids === null ? undefined : inList(albums.id, ids),
        foldedName === null ? undefined : hasNamePart(request, foldedName),
      ),
    )
    .orderBy(desc(albums.id))
    .limit(limit + 1);
  return {
    sql: select.getSQL(),
    parse: (rows) => ({
      albums: rows.slice(0, limit).map(readAlbum),
      hasMore: rows.length > limit,
      hasUnfoldedNames: rows.some((row) => row["folded_name"] === null),
    }),
  };
}

/** Albums of one name that are compared with a request to create one. There are several in older libraries only. */
export const MAX_ALBUMS_OF_ONE_NAME = 100;

/** Albums with this folded name, oldest first. */
export async function listAlbumsByName(db: Database, libraryId: string, foldedName: string): Promise<Album[]> {
  const rows = await selectAlbums(db)
    .where(and(eq(albums.libraryId, libraryId), eq(albums.foldedName, foldedName), isNull(albums.deletedAt)))
    .orderBy(albums.id)
    .limit(MAX_ALBUMS_OF_ONE_NAME);
  return rows.map(parseAlbum);
}

export function albumEvent(eventType: "album_created" | "album_deleted", id: string): NewEvent {
  return { eventType, entityType: "album", entityId: id };
}

/**
 * A SELECT of `album_updated` events for existing albums, without WHERE. The payload is the cover after the change. A
 * batch that trashes or restores the pinned asset `p` afterwards passes `pinIsLive`, the condition that it will be
 * live.
 */
export function selectAlbumUpdatedEvents(atMs: number, pinIsLive: SQL = isLive): SQL {
  return sql`SELECT ${albums.libraryId}, 'album_updated', 'album', ${albums.id},
    json_object('album_cover_asset_id', ${coverIdWhere(pinIsLive)}), ${eventTime(atMs)}
    FROM (SELECT * FROM albums WHERE deleted_at IS NULL) albums`;
}

/**
 * A SELECT of events of `memberships`, a FROM of `album_assets l`. A removal's payload names the album and the asset.
 */
export function selectMembershipEvents(
  eventType: "album_asset_added" | "album_asset_removed",
  memberships: SQL,
  atMs: number,
): SQL {
  const payload = sql`json_object('album_id', l.album_id, 'asset_id', l.asset_id)`;
  return sql`SELECT l.library_id, ${eventType}, 'album_asset', l.id,
    ${eventType === "album_asset_removed" ? payload : sql`NULL`}, ${eventTime(atMs)} FROM ${memberships} ORDER BY l.id`;
}

export interface NewAlbum {
  libraryId: string;
  userId: string;
  name: string;
  foldedName: string;
  description: string | null;
  /** Albums that the library may have. */
  maxAlbums: number;
}

/** Whether `insertAlbum` failed because the library has too many albums. */
export function hasTooManyAlbums(error: unknown): boolean {
  return isNullRejected(error, "albums.library_id");
}

/** Fails as `isNameRejected` tells if an album of the library has the name. */
export async function insertAlbum(
  db: Database,
  fields: NewAlbum,
  atMs: number,
  request: IdempotentRequest | null,
): Promise<AlbumRow> {
  const id = newId("album", atMs);
  const { maxAlbums, ...columns } = fields;
  const isMissing = sql`NOT ${albumExists(id)}`;
  const isTaken = isNameTaken(ALBUM_NAMES, fields.libraryId, fields.foldedName);
  // NULL, which the column rejects, if the library has too many albums. A taken name is the more helpful error.
  const libraryId = sql`(SELECT id FROM libraries WHERE id = ${fields.libraryId} AND (album_count < ${maxAlbums} OR ${isTaken}))`;
  const [, rows] = await db.orm.batch([
    insertEvents(db, fields.libraryId, atMs, [albumEvent("album_created", id)], isMissing),
    db.orm
      .insert(albums)
      .values({
        id,
        ...columns,
        libraryId,
        name: nameUnlessTaken(fields.name, isTaken),
        createdAt: atMs,
        updatedAt: atMs,
      })
      .returning(),
    ...insertIdempotentResult(db, request, { table: albums, id }, atMs),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error(`album ${id} was not created`);
  return row;
}

export type AlbumChange = Partial<Pick<AlbumRow, "description" | "pinnedCoverId">> & {
  rename?: { name: string; foldedName: string };
};

/** Columns of a new name. Albums that had the same name before may keep it in another spelling. */
function renamedColumns(album: Album, { name, foldedName }: { name: string; foldedName: string }) {
  if (foldedName === album.foldedName) return { name };
  const isTaken = isNameTaken(ALBUM_NAMES, album.libraryId, foldedName, album.id);
  return { name: nameUnlessTaken(name, isTaken), foldedName };
}

/**
 * Returns false, without any change, unless the album exists and a pinned cover is a live member. Fails as
 * `isNameRejected` tells if another album of the library has the name.
 */
export async function updateAlbum(db: Database, album: Album, change: AlbumChange, atMs: number): Promise<boolean> {
  const pinned = change.pinnedCoverId ?? null;
  const member = sql`EXISTS (SELECT 1 FROM album_assets WHERE album_id = ${album.id} AND asset_id = ${pinned} AND trashed_at IS NULL)`;
  const allowed = pinned === null ? sql`TRUE` : member;
  const { rename, ...columns } = change;
  const renamed = rename === undefined ? {} : renamedColumns(album, rename);
  const [rows] = await db.orm.batch([
    db.orm
      .update(albums)
      .set({ ...columns, ...renamed, updatedAt: atMs })
      .where(and(eq(albums.id, album.id), isNull(albums.deletedAt), allowed))
      .returning({ id: albums.id }),
    insertSelectedEvents(db, sql`${selectAlbumUpdatedEvents(atMs)} WHERE ${albums.id} = ${album.id} AND ${allowed}`),
  ]);
  return rows.length > 0;
}
