/** Albums and their links. Counts, dates and cover are stored, and kept right in the batch that changes them. */
import { and, desc, eq, getTableColumns, lt, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { eventTime, insertEvents, type NewEvent } from "../events/events.ts";
import { emptiedAtOf, withinReach, type Reach } from "../libraries/libraries.ts";
import { albums, assets } from "../schema/schema.ts";

type AlbumRow = typeof albums.$inferSelect;

/** What the thumbnail of a cover is made of. */
export type Cover = Pick<
  typeof assets.$inferSelect,
  "id" | "mediaType" | "currentVersionId" | "stillVersionId" | "width" | "height"
>;

export interface Album extends AlbumRow {
  cover: Cover | null;
}

const isLive = sql`p.trashed_at IS NULL`;

/** The cover someone chose while it is live, else the newest live member. */
function coverIdWhere(pinIsLive: SQL): SQL {
  return sql`coalesce(
    (SELECT p.id FROM assets p WHERE p.id = ${albums.pinnedCoverId} AND ${pinIsLive}), ${albums.newestAssetId})`;
}

const coverId = coverIdWhere(isLive);

/** As one JSON object: a joined asset's columns have names that the album's have too. */
const cover = sql<string | null>`CASE WHEN ${assets.id} IS NOT NULL THEN json_object(
  'id', ${assets.id}, 'mediaType', ${assets.mediaType}, 'currentVersionId', ${assets.currentVersionId},
  'stillVersionId', ${assets.stillVersionId}, 'width', ${assets.width}, 'height', ${assets.height}) END`;

const coverSchema = z.object({
  id: z.string(),
  mediaType: z.enum(["image", "video"]),
  currentVersionId: z.string(),
  stillVersionId: z.string().nullable(),
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

function reachable(reach: Reach): SQL | undefined {
  return and(eq(albums.userId, reach.userId), withinReach(reach, sql`${albums.libraryId}`));
}

export async function findAlbum(db: Database, reach: Reach, id: string): Promise<Album | null> {
  const row = await selectAlbums(db)
    .where(and(eq(albums.id, id), reachable(reach)))
    .get();
  return row === undefined ? null : parseAlbum(row);
}

export interface AlbumListRequest {
  libraryId: string;
  assetId: string | null;
  ids: string[] | null;
  startingAfterId: string | null;
  limit: number;
}

/** Newest first. Ids are minted in order of time, so the id is the order. */
export async function listAlbums(
  db: Database,
  request: AlbumListRequest,
): Promise<{ albums: Album[]; hasMore: boolean }> {
  const { assetId, ids, startingAfterId, limit } = request;
  const rows = await selectAlbums(db)
    .where(
      and(
        eq(albums.libraryId, request.libraryId),
        startingAfterId === null ? undefined : lt(albums.id, startingAfterId),
        assetId === null
          ? undefined
          : sql`${albums.id} IN (SELECT album_id FROM album_assets WHERE asset_id = ${assetId}
              AND (trashed_at IS NULL OR trashed_at > ${emptiedAtOf(request.libraryId)}))`,
        ids === null ? undefined : sql`${albums.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
      ),
    )
    .orderBy(desc(albums.id))
    .limit(limit + 1);
  return { albums: rows.slice(0, limit).map(parseAlbum), hasMore: rows.length > limit };
}

function albumEvent(eventType: "album_created" | "album_deleted", id: string): NewEvent {
  return { eventType, entityType: "album", entityId: id, payload: null };
}

/**
 * The rows of such events, before their WHERE: they tell of the cover as the change leaves it. `pinIsLive` is for a batch
 * that trashes or restores the pinned asset, `p`, behind them.
 */
export function selectAlbumUpdated(atMs: number, pinIsLive: SQL = isLive): SQL {
  return sql`SELECT ${albums.libraryId}, 'album_updated', 'album', ${albums.id},
    json_object('album_cover_asset_id', ${coverIdWhere(pinIsLive)}), ${eventTime(atMs)} FROM ${albums}`;
}

/** The rows of events of `links`, a FROM of `album_assets l`. One that goes tells what it linked: it can't be asked later. */
export function selectLinkEvents(
  eventType: "album_asset_added" | "album_asset_removed",
  links: SQL,
  atMs: number,
): SQL {
  const link = sql`json_object('album_id', l.album_id, 'asset_id', l.asset_id)`;
  return sql`SELECT l.library_id, ${eventType}, 'album_asset', l.id,
    ${eventType === "album_asset_removed" ? link : sql`NULL`}, ${eventTime(atMs)} FROM ${links} ORDER BY l.id`;
}

/** A batch statement, to stand behind the change. */
function insertAlbumUpdated(db: Database, albumId: string, condition: SQL, atMs: number) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    ${selectAlbumUpdated(atMs)} WHERE ${albums.id} = ${albumId} AND ${condition}`);
}

export interface NewAlbum {
  libraryId: string;
  userId: string;
  name: string;
  description: string | null;
}

export async function insertAlbum(db: Database, fields: NewAlbum, atMs: number): Promise<Album> {
  const id = newId("album", atMs);
  const missing = sql`NOT EXISTS (SELECT 1 FROM albums WHERE id = ${id})`;
  const [, rows] = await db.orm.batch([
    insertEvents(db, fields.libraryId, atMs, [albumEvent("album_created", id)], missing),
    db.orm
      .insert(albums)
      .values({ id, ...fields, createdAt: atMs, updatedAt: atMs })
      .returning(),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error(`album ${id} was not created`);
  return { ...row, cover: null };
}

export type AlbumChange = Partial<Pick<AlbumRow, "name" | "description" | "pinnedCoverId">>;

/** A pinned cover must be a live member; the row is left alone otherwise, and the answer is false. */
export async function updateAlbum(db: Database, album: Album, change: AlbumChange, atMs: number): Promise<boolean> {
  const pinned = change.pinnedCoverId ?? null;
  const member = sql`EXISTS (SELECT 1 FROM album_assets WHERE album_id = ${album.id} AND asset_id = ${pinned} AND trashed_at IS NULL)`;
  const allowed = pinned === null ? sql`TRUE` : member;
  const [rows] = await db.orm.batch([
    db.orm
      .update(albums)
      .set({ ...change, updatedAt: atMs })
      .where(and(eq(albums.id, album.id), allowed))
      .returning({ id: albums.id }),
    insertAlbumUpdated(db, album.id, allowed, atMs),
  ]);
  return rows.length > 0;
}

/** Links go with the album, each with an event of its own; the assets stay, and know of one album less. */
export async function deleteAlbum(db: Database, album: Album, atMs: number): Promise<void> {
  const there = sql`EXISTS (SELECT 1 FROM albums WHERE id = ${album.id})`;
  await db.orm.batch([
    db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
      ${selectLinkEvents("album_asset_removed", sql`album_assets l WHERE l.album_id = ${album.id}`, atMs)}`),
    insertEvents(db, album.libraryId, atMs, [albumEvent("album_deleted", album.id)], there),
    db.statement(sql`UPDATE assets SET album_count = album_count - 1
      WHERE id IN (SELECT asset_id FROM album_assets WHERE album_id = ${album.id})`),
    db.statement(sql`DELETE FROM album_assets WHERE album_id = ${album.id}`),
    db.orm.delete(albums).where(eq(albums.id, album.id)),
  ]);
}
