/** Which tasks of an asset run next, without I/O. */
import { taskEntries, type AssetTasks, type Claim, type StoredTask } from "../../records/tasks/assetTasks.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";
import { roleOf, runOrder } from "./taskDefinitions.ts";

function pendingTasks({ tasks }: AssetTasks): [TaskType, StoredTask][] {
  return taskEntries(tasks)
    .filter(([, task]) => task.status === "pending")
    .toSorted(([a], [b]) => runOrder(a) - runOrder(b));
}

/** The pending tasks that were due when `claim` was made, and that it includes. */
export function claimedTypes(row: AssetTasks, claim: Claim): TaskType[] {
  return pendingTasks(row).flatMap(([type, task]) =>
    task.dueAt <= claim.atMs && (claim.type === null || claim.type === type) ? [type] : [],
  );
}

/**
 * The tasks that may run at `atMs`, in order, apart from those that ran. Tasks that read the image wait while the task
 * that produces it is pending and has not `ended`.
 */
export function runnableTypes(row: AssetTasks, atMs: number, ran: TaskType[] = [], ended: TaskType[] = []): TaskType[] {
  const pending = pendingTasks(row);
  const isSourceMissing = pending.some(([type]) => roleOf(type) === "source" && !ended.includes(type));
  return pending.flatMap(([type, task]) => {
    if (task.dueAt > atMs || ran.includes(type)) return [];
    return isSourceMissing && roleOf(type) === "image" ? [] : [type];
  });
}

/**
 * The task to run alone after a consumer stopped: of several, not the one that stopped it, unless others wait for it.
 */
export function nextAlone(row: AssetTasks, atMs: number, suspect: TaskType | null): TaskType | null {
  const types = runnableTypes(row, atMs);
  return types.find((type) => type !== suspect || roleOf(type) === "source") ?? types[0] ?? null;
}

/** Milliseconds until the last pending task is due, so that one delivery runs all; null if none is pending. */
export function waitMs(row: AssetTasks, atMs: number): number | null {
  const delays = pendingTasks(row).map(([, task]) => task.dueAt - atMs);
  return delays.length === 0 ? null : Math.max(...delays);
}
