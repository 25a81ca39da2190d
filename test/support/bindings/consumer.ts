/** Delivers messages to the queue handler and reports acknowledgements and retries. */
import { createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../src/index.ts";
import { recordingQueue } from "./queue.ts";
import { executionContext } from "../clients/api.ts";

export interface DeliveryOptions {
  queue?: string;
  attempts?: number;
  env?: Partial<Cloudflare.Env>;
  /** `ctx.cache` of the handler. */
  cache?: CacheContext;
}

interface DeliveryResult {
  acknowledged: number;
  /** Delay in seconds of each retried message. */
  retryDelays: (number | undefined)[];
}

let serial = 0;

/** Wraps a message to record retry delays, which getQueueResult leaves out. */
function recordRetries(message: Message, retryDelays: (number | undefined)[]): Message {
  const { id, timestamp, attempts, body } = message;
  const retry = (options?: QueueRetryOptions): void => {
    retryDelays.push(options?.delaySeconds);
    message.retry(options);
  };
  return { ...message, id, timestamp, attempts, body, ack: () => message.ack(), retry };
}

/** Delivers one message per body in one batch. */
export async function deliver(bodies: unknown[], options: DeliveryOptions = {}): Promise<DeliveryResult> {
  const batch = createMessageBatch(
    options.queue ?? "tintype",
    bodies.map((body) => {
      serial += 1;
      return { id: `message-${serial}`, timestamp: new Date(), attempts: options.attempts ?? 1, body };
    }),
  );
  const retryDelays: (number | undefined)[] = [];
  const messages = batch.messages.map((message) => recordRetries(message, retryDelays));
  const { queue, metadata } = batch;
  const observedBatch = { queue, metadata, messages, ackAll: () => batch.ackAll(), retryAll: () => batch.retryAll() };
  const context = executionContext(options.cache);
  await worker.queue(observedBatch, { ...env, ...options.env }, context);
  const result = await getQueueResult(batch, context);
  if (result.retryMessages.length !== retryDelays.length) throw new Error("a message was retried twice");
  return { acknowledged: result.explicitAcks.length, retryDelays };
}

export async function runSchedule(changes: Partial<Cloudflare.Env> = {}, cache?: CacheContext): Promise<void> {
  const controller: ScheduledController = { scheduledTime: Date.now(), cron: "*/15 * * * *", noRetry: () => {} };
  const bindings = { ...env, QUEUE: recordingQueue().binding, ...changes };
  await worker.scheduled(controller, bindings, executionContext(cache));
}
