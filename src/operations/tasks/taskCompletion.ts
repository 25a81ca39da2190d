/** The stored tasks of an asset after a run, without I/O. */
import { cutToJsonBytes } from "../../kernel/textLimits.ts";
import type { Asset } from "../../records/assets/assets.ts";
import { taskEntries, type StoredTask, type StoredTasks } from "../../records/tasks/assetTasks.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";
import { roleOf } from "./taskDefinitions.ts";
import type { TaskOutcome } from "./taskOutcome.ts";

/** The result or error message of a task. */
export const MAX_REASON_BYTES = 1024;
export const MAX_RETRIES = 5;
const FIRST_RETRY_MS = 30_000;
/** Maximum delay of a message in Cloudflare Queues. */
const MAX_RETRY_MS = 12 * 3600_000;

/** A task that a consumer ran. */
export interface FinishedTask {
  type: TaskType;
  /** The task as it was claimed. */
  task: StoredTask;
  /** The asset as it was given to the task; null if it was deleted. */
  asset: Asset | null;
  outcome: TaskOutcome;
  startedMs: number;
  endedMs: number;
}

/** 30 s, 1, 2, 4, 8 minutes, or longer if the provider sent Retry-After. */
function retryDelayMs(retryCount: number, retryAfterSeconds = 0): number {
  return Math.max(FIRST_RETRY_MS * 2 ** retryCount, Math.min(retryAfterSeconds * 1000, MAX_RETRY_MS));
}

/** A list of 1,000 tasks has at most 3 MB. */
function cut(reason: string): string {
  return cutToJsonBytes(reason, MAX_REASON_BYTES);
}

/** The Gumnut API has no status for skipped tasks; they succeed with the reason in their result. */
function successResult(outcome: TaskOutcome & { kind: "done" | "skipped" }): string | null {
  if (outcome.kind === "skipped") return `skipped: ${cut(outcome.reason)}`;
  return outcome.result === null ? null : cut(outcome.result);
}

/** The task in the state to store. The contract keeps the last error after a later success. */
function settled({ task, outcome, startedMs: startedAt, endedMs }: FinishedTask): StoredTask {
  const retries = task.retries ?? 0;
  if (outcome.kind === "retry" && retries < MAX_RETRIES) {
    const dueAt = endedMs + retryDelayMs(retries, outcome.retryAfterSeconds);
    return { ...task, error: cut(outcome.reason), retries: retries + 1, dueAt, startedAt };
  }
  const ended = { ...task, startedAt, completedAt: endedMs };
  if (outcome.kind === "failed" || outcome.kind === "retry") {
    return { ...ended, status: "failure", error: cut(outcome.reason) };
  }
  const result = successResult(outcome);
  const { outcome: _former, ...succeeded } = ended;
  return {
    ...succeeded,
    status: "success",
    ...(result === null ? {} : { result }),
    ...(outcome.code === undefined ? {} : { outcome: outcome.code }),
  };
}

/** Whether the task ended, instead of returning to pending. */
export function hasEnded(finished: FinishedTask): boolean {
  return settled(finished).status !== "pending";
}

/** Tasks that read the image run with the task that produces it, so that one delivery retries them together. */
function waitForSource(tasks: StoredTasks): StoredTasks {
  const entries = taskEntries(tasks);
  const sources = entries.filter(([type, task]) => roleOf(type) === "source" && task.status === "pending");
  const sourceDueAt = Math.max(0, ...sources.map(([, task]) => task.dueAt));
  const waiting = entries.map(([type, task]): [TaskType, StoredTask] =>
    task.status === "pending" && roleOf(type) === "image" && task.dueAt < sourceDueAt
      ? [type, { ...task, dueAt: sourceDueAt }]
      : [type, task],
  );
  return { ...tasks, ...Object.fromEntries(waiting) };
}

/** The tasks of a row with the results of those that ran. */
export function completeTasks(tasks: StoredTasks, finished: FinishedTask[]): StoredTasks {
  const results = Object.fromEntries(finished.map((each) => [each.type, settled(each)]));
  return waitForSource({ ...tasks, ...results });
}

/** Fails the pending tasks. An earlier error stays; otherwise `reason` is set. */
export function failPending(tasks: StoredTasks, reason: string, atMs: number): StoredTasks {
  const failed = taskEntries(tasks).map(([type, task]): [TaskType, StoredTask] =>
    task.status === "pending"
      ? [type, { ...task, status: "failure", error: task.error ?? reason, completedAt: atMs }]
      : [type, task],
  );
  return { ...tasks, ...Object.fromEntries(failed) };
}
