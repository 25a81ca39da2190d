import { cutToJsonBytes } from "../../kernel/textLimits.ts";
import { findAssetForTask, type Asset } from "../../records/assets/assets.ts";
import * as records from "../../records/tasks/tasks.ts";
import { applyChange } from "./applyChange.ts";
import { retryOutcome, type TaskOutcome } from "./taskOutcome.ts";
import { runBurstDetection } from "./handlers/burst.ts";
import { runDescription } from "./handlers/description.ts";
import { runDisplayProxy } from "./handlers/displayProxy.ts";
import { runImageQuality } from "./handlers/quality.ts";
import { runReverseGeocoding } from "./handlers/reverseGeocoding.ts";
import { runThumbhash } from "./handlers/thumbhash.ts";
import { runVideoPoster } from "./handlers/videoPoster.ts";
import type { Context } from "../context.ts";

type Task = records.Task;
type TaskHandler = (context: Context, asset: Asset) => Promise<TaskOutcome>;

interface TaskDefinition {
  type: records.TaskType;
  run: TaskHandler;
  /** Produces the image that later tasks read; they wait until this task is finished. */
  producesImage: boolean;
}

/** All task types in their order of execution. */
const taskDefinitions: TaskDefinition[] = [
  { type: "burst_detection", run: runBurstDetection, producesImage: false },
  { type: "reverse_geocoding", run: runReverseGeocoding, producesImage: false },
  { type: "display_proxy_generation", run: runDisplayProxy, producesImage: true },
  { type: "video_thumbnail_extract", run: runVideoPoster, producesImage: true },
  { type: "thumbhash", run: runThumbhash, producesImage: false },
  { type: "image_quality", run: runImageQuality, producesImage: false },
  { type: "asset_description", run: runDescription, producesImage: false },
];

function definitionOf(task: Task): TaskDefinition | undefined {
  return taskDefinitions.find((definition) => definition.type === task.taskType);
}

/** The result or error message of a task. */
export const MAX_REASON_BYTES = 1024;
export const MAX_RETRIES = 5;
const FIRST_RETRY_MS = 30_000;
/** Maximum delay of a message in Cloudflare Queues. */
const MAX_RETRY_MS = 12 * 3600_000;
/** Queue consumers run for at most 15 minutes of wall time; an older claim belongs to a consumer that crashed. */
const CLAIM_TIMEOUT_MS = 15 * 60_000;

/** 30 s, 1, 2, 4, 8 minutes, or longer if the provider sent Retry-After. */
function retryDelayMs(retryCount: number, retryAfterSeconds = 0): number {
  return Math.max(FIRST_RETRY_MS * 2 ** retryCount, Math.min(retryAfterSeconds * 1000, MAX_RETRY_MS));
}

/** A list of 1,000 tasks has at most 3 MB. */
function boundOutcome(outcome: TaskOutcome): TaskOutcome {
  const cut = (text: string): string => cutToJsonBytes(text, MAX_REASON_BYTES);
  if (outcome.kind !== "done") return { ...outcome, reason: cut(outcome.reason) };
  return { ...outcome, result: outcome.result === null ? null : cut(outcome.result) };
}

async function executeTask(context: Context, task: Task): Promise<TaskOutcome> {
  const definition = definitionOf(task);
  if (definition === undefined) return { kind: "failed", reason: `unknown task type: ${task.taskType}` };
  // A task that exceeds memory or CPU limits kills its consumer without recording a failure.
  if (task.retryCount > MAX_RETRIES) {
    return { kind: "failed", reason: "worker exceeded its limits repeatedly" };
  }
  try {
    // The previous task or a client may have changed the row.
    const asset = task.assetId === null ? null : await findAssetForTask(context.db, task.assetId);
    if (asset === null) return { kind: "failed", reason: "the asset was deleted" };
    const outcome = await definition.run(context, asset);
    if ("change" in outcome && outcome.change !== undefined) await applyChange(context, asset, outcome.change);
    return outcome;
  } catch (error) {
    return retryOutcome(error);
  }
}

/** The Gumnut API has no status for skipped tasks; they succeed with the reason in their result. */
function toCompletion(outcome: TaskOutcome): records.TaskCompletion {
  if (outcome.kind === "done") return { status: "success", result: outcome.result, errorMessage: null };
  if (outcome.kind === "skipped") {
    return { status: "success", result: `skipped: ${outcome.reason}`, errorMessage: null };
  }
  return { status: "failure", result: null, errorMessage: outcome.reason };
}

/** Clock of one delivery that starts at `context.nowMs` and advances in real time. */
type Clock = () => number;

function startClock(nowMs: number): Clock {
  const startedMs = Date.now();
  return () => nowMs + (Date.now() - startedMs);
}

type RunResult = { kind: "finished" } | { kind: "delayed"; delayMs: number } | { kind: "claimedElsewhere" };

async function runTask(context: Context, pending: Task, clock: Clock): Promise<RunResult> {
  const startMs = clock();
  const task = await records.claimTask(context.db, pending.id, startMs, startMs + CLAIM_TIMEOUT_MS);
  if (task === null) {
    // The consumer with the claim has its own message. If it crashes, the sweep requeues the task after the claim
    // expires.
    const delayMs = pending.dueAt - startMs;
    return pending.status === "pending" && delayMs > 0 ? { kind: "delayed", delayMs } : { kind: "claimedElsewhere" };
  }
  const outcome = boundOutcome(await executeTask(context, task));
  const endMs = clock();
  if (outcome.kind === "retry" && task.retryCount < MAX_RETRIES) {
    const delayMs = retryDelayMs(task.retryCount, outcome.retryAfterSeconds);
    await records.retryTask(context.db, task, outcome.reason, endMs + delayMs);
    return { kind: "delayed", delayMs };
  }
  await records.finishTask(context.db, task, toCompletion(outcome), endMs);
  return { kind: "finished" };
}

/** Unknown types sort first (-1); they fail without running. */
function runOrder(task: Task): number {
  return taskDefinitions.findIndex((definition) => definition.type === task.taskType);
}

async function listPending(context: Context, assetId: string): Promise<Task[]> {
  return (await records.listUnfinishedTasks(context.db, assetId)).toSorted((a, b) => runOrder(a) - runOrder(b));
}

/**
 * Runs the pending tasks of a live or trashed asset in order and records their results. Returns the seconds until
 * all delayed tasks are due, so that one delivery retries them together; null if the message is done.
 */
export async function runPendingTasks(context: Context, assetId: string): Promise<number | null> {
  const clock = startClock(context.nowMs);
  const attemptedIds = new Set<string>();
  let pending = await listPending(context, assetId);
  const delaysMs: number[] = [];
  for (;;) {
    const task = pending.find((candidate) => !attemptedIds.has(candidate.id));
    if (task === undefined) break;
    attemptedIds.add(task.id);
    const result = await runTask(context, task, clock);
    if (result.kind === "delayed") delaysMs.push(result.delayMs);
    if (definitionOf(task)?.producesImage !== true) continue;
    if (result.kind !== "finished") break;
    // A new image resets or adds the tasks that read it.
    pending = await listPending(context, assetId);
  }
  return delaysMs.length === 0 ? null : Math.ceil(Math.max(...delaysMs) / 1000);
}

/** Fails the pending tasks of an asset after the queue's last delivery. Tasks claimed by another consumer continue. */
export async function failRemaining(context: Context, assetId: string): Promise<void> {
  await records.failPendingTasks(context.db, assetId, "the queue delivered the message too many times", context.nowMs);
}
