/** The queue consumer: parses a message, calls one operation, then acknowledges or retries. */
import { cachedConfig } from "../kernel/config.ts";
import { warn } from "../kernel/log.ts";
import type { Context } from "../operations/context.ts";
import { resumeDeleteAlbum } from "../operations/deletion/purgeAlbums.ts";
import { resumeEmptyTrash } from "../operations/deletion/trash.ts";
import { purgeCachedMedia } from "../operations/delivery/cachePurges.ts";
import { continueRefreshingPosters } from "../operations/delivery/posters/refreshPosters.ts";
import { continueFaceRun } from "../operations/faces/faceRuns.ts";
import { groupFaces } from "../operations/faces/groupFaces.ts";
import { indexChanges } from "../operations/search/indexing/indexChanges.ts";
import { continueIndexing, enqueueIndexing, indexMessage } from "../operations/search/indexing/indexQueue.ts";
import {
  cachePurgeMessage,
  deleteAlbumMessage,
  emptyTrashMessage,
  enqueueFaceRun,
  enqueueGroupFaces,
  faceRunMessage,
  groupFacesMessage,
  refreshPostersMessage,
  sendAgain,
  taskMessage,
} from "../operations/tasks/taskQueue.ts";
import { failRemaining, runPendingTasks } from "../operations/tasks/taskRunner.ts";
import { jobContext } from "./context.ts";

const FIRST_RETRY_SECONDS = 30;
/** Queues rejects a delay of more than 12 hours, which the eleventh doubling exceeds. */
const MAX_RETRY_SECONDS = 12 * 3600;

function retrySeconds(attempts: number): number {
  return Math.min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), MAX_RETRY_SECONDS);
}

/** Retries a message whose handler threw, such as during a D1 outage, without holding up the rest of the batch. */
async function retryOnError(message: Message, handling: Promise<void>): Promise<void> {
  try {
    await handling;
  } catch (error) {
    warn("queue message failed and will be retried", { message_id: message.id, error: String(error) });
    message.retry({ delaySeconds: retrySeconds(message.attempts) });
  }
}

/** Returns false for another message. More work is a message of its own, behind those of others. */
async function handleFaceMessage({ body }: Message, context: Context): Promise<boolean> {
  const grouping = groupFacesMessage.safeParse(body);
  if (grouping.success) {
    const { groupFacesOf: scope } = grouping.data;
    if (await groupFaces(context, scope)) await enqueueGroupFaces(context.queue, scope);
    return true;
  }
  const run = faceRunMessage.safeParse(body);
  if (!run.success) return false;
  const { faceRunLibraryId: libraryId } = run.data;
  if (await continueFaceRun(context, libraryId)) await enqueueFaceRun(context.queue, libraryId);
  return true;
}

async function handleMessage(message: Message, context: Context): Promise<void> {
  const emptyTrash = emptyTrashMessage.safeParse(message.body);
  if (emptyTrash.success) {
    await resumeEmptyTrash(context, emptyTrash.data.emptyTrashLibraryId);
    return message.ack();
  }
  const deleteAlbum = deleteAlbumMessage.safeParse(message.body);
  if (deleteAlbum.success) {
    await resumeDeleteAlbum(context, deleteAlbum.data.deleteAlbumId);
    return message.ack();
  }
  if (cachePurgeMessage.safeParse(message.body).success) {
    const delaySeconds = await purgeCachedMedia(context);
    return delaySeconds === null ? message.ack() : message.retry({ delaySeconds });
  }
  if (indexMessage.safeParse(message.body).success) {
    if (await indexChanges(context)) await continueIndexing(context.queue);
    return message.ack();
  }
  const refresh = refreshPostersMessage.safeParse(message.body);
  if (refresh.success) {
    await continueRefreshingPosters(context, refresh.data.refreshPosters);
    return message.ack();
  }
  if (await handleFaceMessage(message, context)) return message.ack();
  const task = taskMessage.safeParse(message.body);
  if (!task.success) {
    // The message is of foreign origin, so a retry would fail the same way.
    warn("dropped a queue message of unknown shape", { message_id: message.id });
    return message.ack();
  }
  const delaySeconds = await runPendingTasks(context, task.data.assetId, message.attempts > 1);
  if (delaySeconds === null) message.ack();
  else message.retry({ delaySeconds });
}

async function handleDeadMessage(message: Message, context: Context): Promise<void> {
  const task = taskMessage.safeParse(message.body);
  if (task.success) await failRemaining(context, task.data.assetId);
  message.ack();
}

/**
 * A batch releases its remaining messages after this much work. All of a batch shares 15 minutes of wall time and the
 * CPU time of `limits.cpu_ms`; a converted image alone takes up to 20 s of CPU.
 */
export const BATCH_WORK_MS = 10_000;

/**
 * Assets of a batch whose tasks run at the same time: while one waits for D1, R2 or Images, another computes. They share
 * the 128 MB of the isolate. Image decoders take turns (operations/delivery/scaled/decoderTurn.ts).
 */
export const MAX_CONCURRENT_MESSAGES = 4;

/** Returns the remaining messages of a batch to the queue. */
async function release(messages: Message[], context: Context): Promise<void> {
  if (messages.length === 0) return;
  const isSent = await sendAgain(
    context.queue,
    messages.map((message) => message.body),
  );
  for (const message of messages) {
    if (isSent) message.ack();
    else message.retry({ delaySeconds: retrySeconds(message.attempts) });
  }
}

/** Enqueues the indexing of what messages changed, and of what the requests changed that sent them. */
async function indexHandled(messages: readonly Message[], env: Cloudflare.Env): Promise<void> {
  if (messages.every((message) => indexMessage.safeParse(message.body).success)) return;
  try {
    await enqueueIndexing(env.QUEUE, cachedConfig(env).workersPlan);
  } catch (error) {
    // Under invalid settings all messages are retried.
    warn("the indexing was not enqueued", { error: String(error) });
  }
}

/** Handles messages in their order until `mayStart` is false. Returns those that were not started. */
async function handleConcurrently(
  messages: readonly Message[],
  handle: (message: Message) => Promise<void>,
  mayStart: () => boolean,
): Promise<Message[]> {
  const waiting = [...messages];
  const work = async (): Promise<void> => {
    while (waiting.length > 0 && mayStart()) {
      const message = waiting.shift();
      if (message !== undefined) await retryOnError(message, handle(message));
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_MESSAGES }, work));
  return waiting;
}

export async function handleQueue(
  batch: MessageBatch,
  env: Cloudflare.Env,
  execution: ExecutionContext,
): Promise<void> {
  const isDeadLetters = batch.queue.endsWith("-dead");
  const startedMs = Date.now();
  // Dead letters are exempt: they take two statements each, and messages can only be sent to the main queue.
  const mayStart = (): boolean => isDeadLetters || Date.now() - startedMs <= BATCH_WORK_MS;
  const handle = isDeadLetters ? handleDeadMessage : handleMessage;
  const remaining = await handleConcurrently(
    batch.messages,
    async (message) => await handle(message, jobContext(env, execution)),
    mayStart,
  );
  await release(remaining, jobContext(env, execution));
  if (!isDeadLetters) await indexHandled(batch.messages, env);
}
