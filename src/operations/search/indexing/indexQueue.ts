/** Messages that start the indexing. A message names nothing: the event feed has what is to be indexed. */
import { z } from "zod";
import { warn } from "../../../kernel/log.ts";
import type { WorkersPlan } from "../../../kernel/config.ts";
import type { TaskQueue } from "../../tasks/taskQueue.ts";

/** Message to index the changes of the event feed. */
export const indexMessage = z.object({ indexChanges: z.literal(true) });

/**
 * A message waits for so long that it serves later changes too. The Workers Free plan has 10,000 queue operations a day,
 * of which a message takes three.
 */
export const INDEX_DELAY_SECONDS: Record<WorkersPlan, number> = { paid: 2, free: 30 };

/** Changes within this time before a delivery send a message of their own. */
const MARGIN_MS = 500;

/** By the queue: until when changes of this isolate are served by a message that is sent already. */
const servedUntil = new WeakMap<object, number>();

/** A failed send is ignored, because the schedule indexes too. */
async function sendIndexMessage(queue: TaskQueue, delaySeconds: number): Promise<boolean> {
  try {
    await queue.send({ indexChanges: true } satisfies z.input<typeof indexMessage>, { delaySeconds });
    return true;
  } catch (error) {
    warn("enqueuing the indexing failed; the schedule will index", { error: String(error) });
    return false;
  }
}

/**
 * Enqueues the indexing of changes that are committed. Changes that follow each other share a message: it is delivered
 * later than the time until which no other one is sent.
 */
export async function enqueueIndexing(queue: TaskQueue, plan: WorkersPlan): Promise<void> {
  const sentAt = Date.now();
  if (sentAt < (servedUntil.get(queue) ?? 0)) return;
  const delaySeconds = INDEX_DELAY_SECONDS[plan];
  servedUntil.set(queue, sentAt + delaySeconds * 1000 - MARGIN_MS);
  if (!(await sendIndexMessage(queue, delaySeconds))) servedUntil.delete(queue);
}

/** Enqueues the rest of a long indexing at once. */
export async function continueIndexing(queue: TaskQueue): Promise<void> {
  await sendIndexMessage(queue, 0);
}
