import type { Asset } from "../../records/assets/assets.ts";
import type { AssetTasks, Claim, StoredTask } from "../../records/tasks/assetTasks.ts";
import {
  claimTasks,
  findSnapshot,
  saveTasks,
  type ClaimResult,
  type TaskSnapshot,
} from "../../records/tasks/claims.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";
import type { Context } from "../context.ts";
import { withDerivedText } from "./embeddingTasks.ts";
import { saveRun } from "./saveRun.ts";
import { failPending, hasEnded, MAX_RETRIES, type FinishedTask } from "./taskCompletion.ts";
import { definitionOf } from "./taskDefinitions.ts";
import { retryOutcome, type TaskOutcome } from "./taskOutcome.ts";
import { claimedTypes, nextAlone, runnableTypes, waitMs } from "./taskSelection.ts";

/** Queue consumers run for at most 15 minutes of wall time; an older claim belongs to a consumer that crashed. */
export const CLAIM_TIMEOUT_MS = 15 * 60_000;
/** Runs of one delivery: the tasks, and those reopened meanwhile; after two crashes each task has a separate run. */
const MAX_RUNS = 12;

/** Clock of one delivery that starts at `context.nowMs` and advances in real time. */
type Clock = () => number;

function startClock(nowMs: number): Clock {
  const startedMs = Date.now();
  return () => nowMs + (Date.now() - startedMs);
}

function newClaim(atMs: number, type: TaskType | null): Claim {
  return { atMs, untilMs: atMs + CLAIM_TIMEOUT_MS, type };
}

async function executeTask(
  context: Context,
  type: TaskType,
  task: StoredTask,
  asset: Asset | null,
): Promise<TaskOutcome> {
  const definition = definitionOf(type);
  if (definition === undefined) return { kind: "failed", reason: `unknown task type: ${type}` };
  // A task that exceeds memory or CPU limits kills its consumer without recording a failure.
  if ((task.retries ?? 0) > MAX_RETRIES) return { kind: "failed", reason: "worker exceeded its limits repeatedly" };
  if (asset === null) return { kind: "failed", reason: "the asset was deleted" };
  try {
    return await definition.run(context, asset);
  } catch (error) {
    return retryOutcome(error);
  }
}

/** The next task of a claimed row, in order. */
function nextTask({ tasks, claim, ...row }: AssetTasks, finished: FinishedTask[]): [TaskType, StoredTask] | null {
  if (claim === null) return null;
  const ran = finished.map(({ type }) => type);
  const ended = finished.filter(hasEnded).map(({ type }) => type);
  const types = runnableTypes({ ...row, tasks, claim }, claim.atMs, ran, ended);
  const type = types.find((each) => claim.type === null || each === claim.type);
  const task = type === undefined ? undefined : tasks[type];
  return type === undefined || task === undefined ? null : [type, task];
}

/** Reads the row and the asset again after a task changed them, and includes the tasks that it reopened in the claim. */
async function renewClaim(context: Context, { row }: TaskSnapshot, clock: Clock): Promise<TaskSnapshot | null> {
  const renewed = await claimTasks(context.db, row.assetId, newClaim(clock(), null), row.claim);
  return renewed?.isClaimed === true ? renewed : null;
}

/** Runs the claimed tasks and stores their results. Returns null if another consumer took them over meanwhile. */
async function runClaimed(context: Context, claimed: TaskSnapshot, clock: Clock): Promise<AssetTasks | null> {
  const finished: FinishedTask[] = [];
  let snapshot = claimed;
  for (let next = nextTask(snapshot.row, finished); next !== null; next = nextTask(snapshot.row, finished)) {
    const [type, task] = next;
    const { asset } = snapshot;
    const startedMs = clock();
    const seen = asset === null || type !== "embedding" ? asset : withDerivedText(asset, finished);
    const outcome = await executeTask(context, type, task, seen);
    finished.push({ type, task, asset, outcome, startedMs, endedMs: clock() });
    const isChanged =
      outcome.kind === "done" && (definitionOf(type)?.changesAsset === true || outcome.reopensTasks === true);
    if (!isChanged || snapshot.row.claim?.type !== null) continue;
    const renewed = await renewClaim(context, snapshot, clock);
    if (renewed === null) return null;
    snapshot = renewed;
  }
  return await saveRun(context, snapshot, finished, clock());
}

/**
 * Counts a retry for each task that a consumer had claimed when it stopped. After the second time it claims one of them
 * alone: the task that exceeds a limit then stops no others. Returns null if another consumer took the tasks over.
 */
async function recoverTasks(context: Context, claimed: ClaimResult, previous: Claim): Promise<TaskSnapshot | null> {
  const { row, asset } = claimed;
  if (row.claim === null) return null;
  const lost = claimedTypes(row, previous);
  const isRepeated = previous.type !== null || lost.every((type) => (row.tasks[type]?.retries ?? 0) > 0);
  const retried = lost.map((type): [TaskType, StoredTask | undefined] => {
    const task = row.tasks[type];
    return [type, task && { ...task, retries: (task.retries ?? 0) + 1 }];
  });
  const tasks = { ...row.tasks, ...Object.fromEntries(retried) };
  const type = isRepeated ? nextAlone(row, row.claim.atMs, previous.type) : null;
  const saved = await saveTasks(context.db, { ...row, tasks, claim: { ...row.claim, type } }, null, context.nowMs);
  return saved === null ? null : { row: saved, asset };
}

/** Seconds until a delivery can run the tasks that are still pending; null if there are none, or they run elsewhere. */
function delaySeconds(row: AssetTasks, atMs: number, isRedelivery: boolean): number | null {
  if (row.claim !== null) return isRedelivery ? secondsOf(row.claim.untilMs - atMs) : null;
  const delayMs = waitMs(row, atMs);
  return delayMs === null ? null : secondsOf(delayMs);
}

function secondsOf(delayMs: number): number {
  return Math.max(1, Math.ceil(delayMs / 1000));
}

/**
 * Runs the pending tasks of a live or trashed asset in order and records their results. Returns the seconds until
 * all delayed tasks are due, so that one delivery retries them together; null if the message is done. The consumer with
 * the claim runs tasks that are reopened meanwhile. A redelivered message waits for the end of that claim, because the
 * consumer may be the one that stopped at the first delivery; otherwise the sweep requeues the asset after a crash.
 */
export async function runPendingTasks(context: Context, assetId: string, isRedelivery = false): Promise<number | null> {
  const clock = startClock(context.nowMs);
  let alone: TaskType | null = null;
  let suspect: TaskType | null = null;
  let row: AssetTasks | null = null;
  for (let run = 0; run < MAX_RUNS; run++) {
    const claimed = await claimTasks(context.db, assetId, newClaim(clock(), alone));
    if (claimed === null) return null;
    if (!claimed.isClaimed) return delaySeconds(claimed.row, clock(), isRedelivery);
    const { previous } = claimed;
    suspect = previous?.type ?? suspect;
    const snapshot = previous === null ? claimed : await recoverTasks(context, claimed, previous);
    row = snapshot === null ? null : await runClaimed(context, snapshot, clock);
    if (snapshot === null || row === null) return null;
    const runsAlone = snapshot.row.claim?.type !== null;
    alone = runsAlone ? nextAlone(row, clock(), suspect) : null;
    if (runnableTypes(row, clock()).length === 0) break;
  }
  return row === null ? null : delaySeconds(row, clock(), isRedelivery);
}

/** Fails the pending tasks of an asset after the queue's last delivery. Tasks claimed by another consumer continue. */
export async function failRemaining(context: Context, assetId: string): Promise<void> {
  const { db, nowMs } = context;
  for (let attempt = 0; attempt < MAX_RUNS; attempt++) {
    const snapshot = await findSnapshot(db, assetId);
    if (snapshot === null || (snapshot.row.claim !== null && snapshot.row.claim.untilMs > nowMs)) return;
    const failed = failPending(snapshot.row.tasks, "the queue delivered the message too many times", nowMs);
    if ((await saveTasks(db, { ...snapshot.row, tasks: failed, claim: null }, null, nowMs)) !== null) return;
  }
}
