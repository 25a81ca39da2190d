/** The deferred work of an asset: which tasks are open, doing them, and recording how each went. */
import { z } from "zod";
import { warn } from "../kernel/log.ts";
import { findAssetForWork, type Asset } from "../records/assets.ts";
import { openDatabase } from "../records/database.ts";
import { finishTask, listUnfinishedTasks, retryTask, startTask, type Task } from "../records/tasks.ts";
import type { Bell, Outcome, WorkDeps } from "./taskOutcome.ts";
import { makeThumbhash } from "./thumbhash.ts";

export const workMessage = z.object({ assetId: z.string() });

export function workDeps(env: Cloudflare.Env): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: env.QUEUE, images: env.IMAGES, nowMs: Date.now() };
}

/**
 * One message per asset names no tasks: their rows do. A bell that fails to ring loses nothing, since the sweep
 * rings for whatever stays open too long; so the upload that wanted it still succeeds.
 */
export async function ring(bell: Bell, assetId: string): Promise<void> {
  try {
    await bell.send({ assetId });
  } catch (error) {
    warn("the queue did not take a message; the sweep will ring again", { asset_id: assetId, error: String(error) });
  }
}

const MAX_REASON_CHARACTERS = 500;
const MAX_RETRIES = 5;
const FIRST_RETRY_MS = 30_000;
/** Longer than any task runs: a started task this old belonged to a consumer that died. */
const STARTED_TOO_LONG_MS = 15 * 60_000;

/** 30 s, 1, 2, 4, 8 minutes. */
function retryDelayMs(retryCount: number): number {
  return FIRST_RETRY_MS * 2 ** retryCount;
}

async function attempt(deps: WorkDeps, task: Task, asset: Asset): Promise<Outcome> {
  if (task.taskType !== "thumbhash")
    return { kind: "impossible", reason: `no work is known by the name ${task.taskType}` };
  try {
    return await makeThumbhash(deps, asset);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "again", reason: reason.slice(0, MAX_REASON_CHARACTERS) };
  }
}

/** Null when the task is settled; else in how many milliseconds it wants to be tried again. */
async function runTask(deps: WorkDeps, task: Task, asset: Asset): Promise<number | null> {
  await startTask(deps.db, task.id, deps.nowMs, deps.nowMs + STARTED_TOO_LONG_MS);
  const outcome = await attempt(deps, task, asset);
  if (outcome.kind === "again" && task.retryCount < MAX_RETRIES) {
    const delayMs = retryDelayMs(task.retryCount);
    await retryTask(deps.db, task.id, outcome.reason, deps.nowMs + delayMs);
    return delayMs;
  }
  const success = outcome.kind === "done";
  await finishTask(
    deps.db,
    task.id,
    {
      status: success ? "success" : "failure",
      result: success ? outcome.result : null,
      errorMessage: success ? null : outcome.reason,
    },
    deps.nowMs,
  );
  return null;
}

/** Does what is still open for the asset. Null when all is settled, else the seconds after which to come again. */
export async function workOn(deps: WorkDeps, assetId: string): Promise<number | null> {
  const asset = await findAssetForWork(deps.db, assetId);
  if (asset === null) {
    // Left open, they would be rung for again and again.
    await failOpenTasks(deps, assetId, () => "the asset is gone");
    return null;
  }
  const delays: number[] = [];
  for (const task of await listUnfinishedTasks(deps.db, assetId)) {
    const delayMs = await runTask(deps, task, asset);
    if (delayMs !== null) delays.push(delayMs);
  }
  return delays.length === 0 ? null : Math.ceil(Math.min(...delays) / 1000);
}

async function failOpenTasks(deps: WorkDeps, assetId: string, reasonOf: (task: Task) => string): Promise<void> {
  for (const task of await listUnfinishedTasks(deps.db, assetId)) {
    await finishTask(deps.db, task.id, { status: "failure", result: null, errorMessage: reasonOf(task) }, deps.nowMs);
  }
}

/** The queue has stopped delivering: what is still open has failed, and says so. */
export async function giveUp(deps: WorkDeps, assetId: string): Promise<void> {
  await failOpenTasks(deps, assetId, (task) => task.errorMessage ?? "given up after too many deliveries");
}
