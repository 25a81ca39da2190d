/** Enqueues tasks. A message only carries an id; rows in D1 are the source of truth. */
import { z } from "zod";
import { warn } from "../../kernel/log.ts";

/** The Queues methods that operations use. */
export type TaskQueue = Pick<Queue, "send" | "sendBatch">;

/** Message to run the pending tasks of an asset. */
export const taskMessage = z.object({ assetId: z.string() });

/** Message to continue purging a cleared trash. */
export const emptyTrashMessage = z.object({ emptyTrashLibraryId: z.string() });

/** Message to continue deleting a large album. */
export const deleteAlbumMessage = z.object({ deleteAlbumId: z.string() });

/** Message to group the faces of a library after a user changed them. */
export const groupFacesMessage = z.object({
  /** The library, or an asset of it. */
  groupFacesOf: z.object({ libraryId: z.string() }).or(z.object({ assetId: z.string() })),
});
export type GroupFacesScope = z.output<typeof groupFacesMessage>["groupFacesOf"];

/** Message to continue detecting or deleting the faces of a library. */
export const faceRunMessage = z.object({ faceRunLibraryId: z.string() });

/** Message to make the posters of the videos after one id again. */
export const refreshPostersMessage = z.object({
  refreshPosters: z.object({ libraryId: z.string(), afterId: z.string().nullable() }),
});
export type RefreshPosters = z.output<typeof refreshPostersMessage>["refreshPosters"];

/** Message to purge cached media whose URLs ended. */
export const cachePurgeMessage = z.object({ purgeCachedMedia: z.literal(true) });

/**
 * Enqueues the pending tasks of one asset. A failed send is logged and ignored, because the sweep requeues overdue
 * tasks; so an upload succeeds while the queue is unavailable.
 */
export async function enqueue(queue: TaskQueue, assetId: string): Promise<void> {
  await send(queue, { assetId } satisfies z.input<typeof taskMessage>, { asset_id: assetId });
}

/** Enqueues purging a cleared trash. A failed send is ignored, because the scheduled purge continues it. */
export async function enqueueEmptyTrash(queue: TaskQueue, libraryId: string): Promise<void> {
  await send(queue, { emptyTrashLibraryId: libraryId } satisfies z.input<typeof emptyTrashMessage>, {
    library_id: libraryId,
  });
}

/** Enqueues deleting the rest of an album. A failed send is ignored, because the schedule continues it. */
export async function enqueueDeleteAlbum(queue: TaskQueue, albumId: string): Promise<void> {
  const message = { deleteAlbumId: albumId } satisfies z.input<typeof deleteAlbumMessage>;
  await send(queue, message, { album_id: albumId });
}

/** Enqueues grouping the faces of a library. A failed send is ignored, because the schedule groups too. */
export async function enqueueGroupFaces(queue: TaskQueue, groupFacesOf: GroupFacesScope): Promise<void> {
  await send(queue, { groupFacesOf } satisfies z.input<typeof groupFacesMessage>, { ...groupFacesOf });
}

/** Enqueues the next part of a library's face run. A failed send is ignored, because the schedule continues it. */
export async function enqueueFaceRun(queue: TaskQueue, libraryId: string): Promise<void> {
  const message = { faceRunLibraryId: libraryId } satisfies z.input<typeof faceRunMessage>;
  await send(queue, message, { library_id: libraryId });
}

/** Enqueues making the next posters of a library. A lost message ends it until the next call. */
export async function enqueueRefreshPosters(queue: TaskQueue, refreshPosters: RefreshPosters): Promise<void> {
  const message = { refreshPosters } satisfies z.input<typeof refreshPostersMessage>;
  await send(queue, message, { library_id: refreshPosters.libraryId });
}

/** Enqueues a purge of cached media. A failed send is ignored, because the schedule purges too. */
export async function enqueueCachePurge(queue: TaskQueue): Promise<void> {
  await send(queue, { purgeCachedMedia: true } satisfies z.input<typeof cachePurgeMessage>, {});
}

async function send(queue: TaskQueue, message: unknown, logFields: Record<string, string>): Promise<void> {
  try {
    await queue.send(message);
  } catch (error) {
    warn("enqueuing a message failed; the sweep will retry", { ...logFields, error: String(error) });
  }
}

/** Limit of `sendBatch` in Cloudflare Queues. */
const MAX_BATCH_MESSAGES = 100;

/** Enqueues the pending tasks of many assets, one message each. Failed batches are logged and ignored. */
export async function enqueueBatch(queue: TaskQueue, assetIds: string[]): Promise<void> {
  for (let i = 0; i < assetIds.length; i += MAX_BATCH_MESSAGES) {
    const messages = assetIds.slice(i, i + MAX_BATCH_MESSAGES).map((assetId) => ({ body: { assetId } }));
    try {
      await queue.sendBatch(messages satisfies { body: z.input<typeof taskMessage> }[]);
    } catch (error) {
      warn("enqueuing a batch failed; the sweep will retry", { assets: messages.length, error: String(error) });
    }
  }
}

/**
 * Sends messages of a batch again, at the end of the queue. The count of their deliveries restarts, whereas a retry adds
 * to the count. Returns false if the queue is unavailable.
 */
export async function sendAgain(queue: TaskQueue, bodies: unknown[]): Promise<boolean> {
  try {
    await queue.sendBatch(bodies.map((body) => ({ body })));
    return true;
  } catch (error) {
    warn("sending messages again failed; they are retried", { messages: bodies.length, error: String(error) });
    return false;
  }
}
