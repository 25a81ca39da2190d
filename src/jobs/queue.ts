/** Takes messages off the queues: parse, do the asset's open work or empty the trash, acknowledge or ask again later. */
import { warn } from "../kernel/log.ts";
import { emptiedMessage, workMessage } from "../operations/tasks/taskQueue.ts";
import { scheduleDeps } from "../operations/maintenance/sweeps.ts";
import { continueEmptying } from "../operations/deletion/trash.ts";
import { giveUp, workDeps, workOn } from "../operations/tasks/taskRunner.ts";

const FIRST_RETRY_SECONDS = 30;
/** A queue holds a message back for 12 hours at most, and refuses to for longer: the eleventh doubling is beyond that. */
const MAX_RETRY_SECONDS = 12 * 3600;

function retrySeconds(attempts: number): number {
  return Math.min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), MAX_RETRY_SECONDS);
}

/** A message whose handling broke, as when D1 is away, comes again later; the ones behind it are not held up by it. */
async function settled(message: Message, handling: Promise<void>): Promise<void> {
  try {
    await handling;
  } catch (error) {
    warn("a message could not be handled and comes again", { message_id: message.id, error: String(error) });
    message.retry({ delaySeconds: retrySeconds(message.attempts) });
  }
}

async function handleMessage(message: Message, env: Cloudflare.Env): Promise<void> {
  const emptied = emptiedMessage.safeParse(message.body);
  if (emptied.success) {
    await continueEmptying(scheduleDeps(env), emptied.data.emptiedLibraryId);
    return message.ack();
  }
  const parsed = workMessage.safeParse(message.body);
  if (!parsed.success) {
    // Nothing that was ever sent looks like this; asking for it again would not change it.
    warn("dropped a message of unknown form", { message_id: message.id });
    return message.ack();
  }
  const delaySeconds = await workOn(workDeps(env), parsed.data.assetId);
  if (delaySeconds === null) message.ack();
  else message.retry({ delaySeconds });
}

async function handleDeadMessage(message: Message, env: Cloudflare.Env): Promise<void> {
  const parsed = workMessage.safeParse(message.body);
  if (parsed.success) await giveUp(workDeps(env), parsed.data.assetId);
  message.ack();
}

export async function handleQueue(batch: MessageBatch, env: Cloudflare.Env): Promise<void> {
  const handle = batch.queue.endsWith("-dead") ? handleDeadMessage : handleMessage;
  for (const message of batch.messages) await settled(message, handle(message, env));
}
