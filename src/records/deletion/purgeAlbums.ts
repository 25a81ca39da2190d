/** Deletes albums in parts. The first part hides the album from every reader; the last one deletes its row. */
import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import { albumEvent, selectMembershipEvents } from "../albums/albums.ts";
import type { Database } from "../database.ts";
import { insertEvents, insertSelectedEvents } from "../events/events.ts";
import { albums } from "../schema/schema.ts";

/** 100,000 memberships in one batch block the database for 7 s; a part of 1,000 takes a hundredth of that. */
export const MEMBERSHIPS_PER_PART = 1000;

export interface HiddenAlbum {
  id: string;
  libraryId: string;
}

function hideAlbum(db: Database, albumId: string, atMs: number) {
  return db.orm
    .update(albums)
    .set({ deletedAt: atMs })
    .where(and(eq(albums.id, albumId), isNull(albums.deletedAt)));
}

/**
 * Deletes one part of the memberships of a hidden album, then its row, with an event for each. Every statement selects
 * rows that the last two delete, so repeating a part only deletes the next one.
 */
function deletePart(db: Database, album: HiddenAlbum, atMs: number, memberships: number) {
  const isHidden = sql`EXISTS (SELECT 1 FROM albums WHERE id = ${album.id} AND deleted_at IS NOT NULL)`;
  const part = sql`(SELECT m.* FROM album_assets m INDEXED BY album_assets_by_album
    WHERE m.album_id = ${album.id} AND ${isHidden} ORDER BY m.id LIMIT ${memberships})`;
  const isEmpty = sql`${isHidden} AND NOT EXISTS (SELECT 1 FROM album_assets WHERE album_id = ${album.id})`;
  return [
    insertSelectedEvents(db, selectMembershipEvents("album_asset_removed", sql`${part} l`, atMs)),
    db.statement(sql`UPDATE assets SET album_count = album_count - 1 WHERE id IN (SELECT asset_id FROM ${part})`),
    db.statement(sql`DELETE FROM album_assets WHERE id IN (SELECT id FROM ${part})`),
    insertEvents(db, album.libraryId, atMs, [albumEvent("album_deleted", album.id)], isEmpty),
  ] as const;
}

function deleteEmptyAlbum(db: Database, albumId: string) {
  const isEmpty = sql`NOT EXISTS (SELECT 1 FROM album_assets WHERE album_id = ${albumId})`;
  return db.orm
    .delete(albums)
    .where(and(eq(albums.id, albumId), gt(albums.deletedAt, 0), isEmpty))
    .returning({ id: albums.id });
}

/** Hides an album and deletes its first part, in one batch. Returns true once its row is deleted. */
export async function deleteAlbum(
  db: Database,
  album: HiddenAlbum,
  atMs: number,
  memberships: number = MEMBERSHIPS_PER_PART,
): Promise<boolean> {
  const results = await db.orm.batch([
    hideAlbum(db, album.id, atMs),
    ...deletePart(db, album, atMs, memberships),
    deleteEmptyAlbum(db, album.id),
  ]);
  return results[5].length > 0;
}

/** Deletes the next part of a hidden album. Returns true once its row is deleted. */
export async function purgeAlbumPart(
  db: Database,
  album: HiddenAlbum,
  atMs: number,
  memberships: number = MEMBERSHIPS_PER_PART,
): Promise<boolean> {
  const results = await db.orm.batch([...deletePart(db, album, atMs, memberships), deleteEmptyAlbum(db, album.id)]);
  return results[4].length > 0;
}

export async function findHiddenAlbum(db: Database, albumId: string): Promise<HiddenAlbum | null> {
  const row = await db.orm
    .select({ id: albums.id, libraryId: albums.libraryId })
    .from(albums)
    .where(and(eq(albums.id, albumId), gt(albums.deletedAt, 0)))
    .get();
  return row ?? null;
}

/** Deleted albums whose memberships still exist, longest deleted first. */
export async function listHiddenAlbums(db: Database, limit: number): Promise<HiddenAlbum[]> {
  return await db.orm
    .select({ id: albums.id, libraryId: albums.libraryId })
    .from(albums)
    .where(gt(albums.deletedAt, 0))
    .orderBy(asc(albums.deletedAt))
    .limit(limit);
}
