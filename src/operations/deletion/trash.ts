import { notFound } from "../../kernel/errors.ts";
import * as records from "../../records/deletion/trash.ts";
import { getAsset } from "../assets/assets.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { enqueuePairedFilms } from "../tasks/pairedFilms.ts";
import { enqueueEmptyTrash } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import { purgeAssets } from "./purge.ts";
import type { Context } from "../context.ts";

/** Asset ids within one library; `libraryId` may be null while the caller has a single library. */
export interface AssetSelection {
  libraryId: string | null;
  ids: string[];
}

/** Moves assets to the trash; unknown and trashed ids are ignored. */
export async function trashAssets(context: Context, principal: Principal, selection: AssetSelection): Promise<void> {
  const library = await resolveLibrary(context, principal, selection.libraryId);
  const pairs = await records.trashAssets(context.db, library.id, selection.ids, context.nowMs);
  await enqueuePairedFilms(context, pairs);
  await requestCachePurge(context);
}

/** Restores assets from the trash; unknown and live ids are ignored. */
export async function restoreAssets(context: Context, principal: Principal, selection: AssetSelection): Promise<void> {
  const library = await resolveLibrary(context, principal, selection.libraryId);
  const pairs = await records.restoreAssets(context.db, library.id, selection.ids, context.nowMs);
  await enqueuePairedFilms(context, pairs);
  await requestCachePurge(context);
}

/** Deletes live or trashed assets permanently; unknown ids are ignored. */
export async function deleteAssets(context: Context, principal: Principal, selection: AssetSelection): Promise<void> {
  const library = await resolveLibrary(context, principal, selection.libraryId);
  await purgeAssets(context, [...new Set(selection.ids)], { kind: "requested", libraryId: library.id });
  await requestCachePurge(context);
}

/** Deletes one asset permanently. Throws `not_found`, also when a concurrent call deleted it first. */
export async function deleteAsset(context: Context, principal: Principal, id: string): Promise<void> {
  const { libraryId } = await getAsset(context, principal, id);
  const deletedIds = await purgeAssets(context, [id], { kind: "requested", libraryId });
  if (deletedIds.length === 0) throw notFound("asset");
  await requestCachePurge(context);
}

/** Five purge batches per request or message; the next message deletes the rest. */
export const MAX_ASSETS_PER_CALL = 1000;

/**
 * Clears the trash. The first statement hides all trashed assets atomically; queue messages then delete the rows of a
 * large trash, and the scheduled purge continues if a message is lost.
 */
export async function emptyTrash(context: Context, principal: Principal, libraryId: string | null): Promise<void> {
  const library = await resolveLibrary(context, principal, libraryId);
  const ids = await records.emptyTrash(context.db, library.id, MAX_ASSETS_PER_CALL);
  await requestCachePurge(context);
  await purgeCleared(context, library.id, ids);
}

/** Deletes the next part of a cleared trash and enqueues another message if assets remain. */
export async function resumeEmptyTrash(context: Context, libraryId: string): Promise<void> {
  await purgeCleared(context, libraryId, await records.listClearedTrash(context.db, libraryId, MAX_ASSETS_PER_CALL));
}

async function purgeCleared(context: Context, libraryId: string, ids: string[]): Promise<void> {
  await purgeAssets(context, ids, { kind: "trash", trashedBefore: 0 });
  if (ids.length === MAX_ASSETS_PER_CALL) await enqueueEmptyTrash(context.queue, libraryId);
}
