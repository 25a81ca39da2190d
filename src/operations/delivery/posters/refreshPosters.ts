import { reopenPosters } from "../../../records/delivery/posters.ts";
import type { Principal } from "../../accounts/authentication.ts";
import type { Context } from "../../context.ts";
import { asOwner } from "../../libraries/access.ts";
import { resolveLibrary } from "../../libraries/resolveLibrary.ts";
import { enqueueBatch, enqueueRefreshPosters, type RefreshPosters } from "../../tasks/taskQueue.ts";

/** Videos per request or message: one batch of D1, and ten calls of the queue. */
export const MAX_REFRESHED_POSTERS = 1000;

/**
 * Starts the poster tasks of the next live videos of a library that have no poster, or one made from the film by an
 * earlier release, and enqueues a message for the rest. Returns the number of these tasks.
 */
export async function continueRefreshingPosters(
  context: Context,
  { libraryId, afterId }: RefreshPosters,
): Promise<number> {
  const page = { limit: MAX_REFRESHED_POSTERS, atMs: context.nowMs };
  const videoIds = await reopenPosters(context.db, libraryId, afterId, page);
  if (videoIds.length > 0) await enqueueBatch(context.queue, videoIds);
  const lastId = videoIds.at(-1);
  if (lastId !== undefined && videoIds.length === MAX_REFRESHED_POSTERS) {
    await enqueueRefreshPosters(context.queue, { libraryId, afterId: lastId });
  }
  return videoIds.length;
}

/**
 * Makes the posters of the live videos of a library again. A poster stays until another one replaces it; those of clients
 * stay. Returns the number of tasks that were started before the response.
 *
 * @throws {AppError} `not_found` and `forbidden` unless the caller owns the library.
 */
export async function refreshPosters(context: Context, principal: Principal, libraryId: string): Promise<number> {
  const { id } = await resolveLibrary(context, asOwner(principal), libraryId);
  return await continueRefreshingPosters(context, { libraryId: id, afterId: null });
}
