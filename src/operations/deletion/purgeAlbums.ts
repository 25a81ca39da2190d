/** Deletes albums. A large album is hidden at once and its memberships are deleted in parts. */
import { info } from "../../kernel/log.ts";
import * as records from "../../records/deletion/purgeAlbums.ts";
import type { Principal } from "../accounts/authentication.ts";
import { getAlbum } from "../albums/albums.ts";
import { enqueueDeleteAlbum } from "../tasks/taskQueue.ts";
import type { Context } from "../context.ts";

/** Parts of one queue message, about a second of database time; other writes run between two parts. */
export const ALBUM_PARTS_PER_MESSAGE = 10;
/** Parts of one scheduled run, shared by all albums whose message was lost. */
export const ALBUM_PARTS_PER_RUN = 20;
const MAX_ALBUMS_PER_RUN = 10;

/**
 * Deletes an album and keeps its assets. The first statement hides the album; queue messages delete the memberships of
 * a large one, and the schedule continues if a message is lost. Throws `not_found`.
 */
export async function deleteAlbum(context: Context, principal: Principal, id: string): Promise<void> {
  const album = await getAlbum(context, principal, id);
  if (!(await records.deleteAlbum(context.db, album, context.nowMs))) await enqueueDeleteAlbum(context.queue, id);
}

/** Deletes up to `maxParts` parts. */
async function purgeParts(
  context: Context,
  album: records.HiddenAlbum,
  maxParts: number,
): Promise<{ parts: number; isDeleted: boolean }> {
  for (let parts = 1; parts <= maxParts; parts++) {
    if (await records.purgeAlbumPart(context.db, album, context.nowMs)) return { parts, isDeleted: true };
  }
  return { parts: maxParts, isDeleted: false };
}

/** Deletes the next parts of a deleted album and enqueues another message if memberships remain. */
export async function resumeDeleteAlbum(context: Context, id: string): Promise<void> {
  const album = await records.findHiddenAlbum(context.db, id);
  if (album === null) return;
  const { isDeleted } = await purgeParts(context, album, ALBUM_PARTS_PER_MESSAGE);
  if (!isDeleted) await enqueueDeleteAlbum(context.queue, id);
}

/** Continues the deletion of albums whose message was lost. Returns the number of albums. */
export async function purgeAlbums(context: Context): Promise<number> {
  const albums = await records.listHiddenAlbums(context.db, MAX_ALBUMS_PER_RUN);
  let remainingParts = ALBUM_PARTS_PER_RUN;
  for (const album of albums) {
    if (remainingParts === 0) break;
    remainingParts -= (await purgeParts(context, album, remainingParts)).parts;
  }
  if (albums.length > 0) info("continued the deletion of albums", { albums: albums.length });
  return albums.length;
}
