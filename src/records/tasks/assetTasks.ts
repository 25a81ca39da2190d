/** The row with all tasks of an asset, and its tasks as the API shows them. */
import { z } from "zod";
import { FORMER_TASK_TYPES, taskTypes, type assetTasks } from "../schema/schema.ts";
import { taskIds, type TaskIds, type TaskType } from "./taskIds.ts";
import { statesOf, type TaskStatus } from "./taskStates.ts";

/** Absent fields are null or 0. SQL merges the JSON by key, where null removes a field. */
const storedTask = z.object({
  status: z.enum(["pending", "success", "failure"]),
  result: z.string().optional(),
  /** Code of a successful task. */
  outcome: z.string().optional(),
  error: z.string().optional(),
  retries: z.int().optional(),
  /** When a pending task may run. */
  dueAt: z.int(),
  createdAt: z.int(),
  startedAt: z.int().optional(),
  completedAt: z.int().optional(),
});
export type StoredTask = z.output<typeof storedTask>;

/** A later version of the code may have written tasks of types that this one does not know; they stay. */
const storedTasks = z.record(z.string(), storedTask);
export type StoredTasks = Partial<Record<TaskType, StoredTask>>;

const currentNames = new Map<string, string>(Object.entries(FORMER_TASK_TYPES));
const storedNames = new Map([...currentNames].map(([former, current]) => [current, former]));

function renameKeys<T>(byType: Partial<Record<string, T>>, names: ReadonlyMap<string, string>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(byType).flatMap(([type, value]) => (value === undefined ? [] : [[names.get(type) ?? type, value]])),
  );
}

/** The JSON of `asset_tasks.tasks`: a renamed type keeps its key, so that rows of every release are alike. */
export function toTasksJson<T>(byType: Partial<Record<TaskType, T>>): Record<string, T> {
  return renameKeys<T>(byType, storedNames);
}

/** A consumer's right to run the tasks that were due at `atMs`, or one of them. */
export interface Claim {
  atMs: number;
  untilMs: number;
  type: TaskType | null;
}

export interface AssetTasks {
  assetId: string;
  libraryId: string;
  userId: string;
  tasks: StoredTasks;
  claim: Claim | null;
  dueAt: number | null;
  revision: number;
}

/** A task as the API shows it. */
export interface Task extends TaskIds {
  assetId: string;
  taskType: TaskType;
  status: TaskStatus;
  result: string | null;
  outcome: string | null;
  errorMessage: string | null;
  retryCount: number;
  createdAt: number;
  startedAt: number | null;
  completedAt: number | null;
}

export type AssetTasksRow = typeof assetTasks.$inferSelect;

export function parseAssetTasks(row: AssetTasksRow): AssetTasks {
  const { tasks, claimedAt, claimedUntil, claimedType, assetId, libraryId, userId, dueAt, revision } = row;
  const isClaimed = claimedAt !== null && claimedUntil !== null;
  const claim = isClaimed ? { atMs: claimedAt, untilMs: claimedUntil, type: claimedType } : null;
  const byType = renameKeys(storedTasks.parse(tasks), currentNames);
  return { assetId, libraryId, userId, tasks: byType, claim, dueAt, revision };
}

/** The tasks of the row in the order of `taskTypes`. */
export function taskEntries(tasks: StoredTasks): [TaskType, StoredTask][] {
  return taskTypes.flatMap((type) => {
    const task = tasks[type];
    return task === undefined ? [] : [[type, task]];
  });
}

export function tasksFor(types: TaskType[], task: StoredTask): StoredTasks {
  return Object.fromEntries(types.map((type) => [type, task]));
}

export function statesOfTasks(tasks: StoredTasks, isClaimed: boolean): number {
  return statesOf(
    taskEntries(tasks).map(([type, { status }]) => [type, status]),
    isClaimed,
  );
}

function shownStatus({ status }: StoredTask, claim: Claim | null): TaskStatus {
  return status === "pending" && claim !== null ? "started" : status;
}

function toTask(assetId: string, taskType: TaskType, task: StoredTask, claim: Claim | null): Task {
  const status = shownStatus(task, claim);
  return {
    ...taskIds(assetId, taskType),
    assetId,
    taskType,
    status,
    result: task.result ?? null,
    outcome: status === "success" ? (task.outcome ?? null) : null,
    errorMessage: task.error ?? null,
    retryCount: task.retries ?? 0,
    createdAt: task.createdAt,
    startedAt: status === "started" ? (claim?.atMs ?? null) : (task.startedAt ?? null),
    completedAt: task.completedAt ?? null,
  };
}

export interface TaskFilter {
  status: TaskStatus | null;
  taskType: TaskType | null;
}

/** The tasks of a row that match, newest first. While the row is claimed, its pending tasks are started. */
export function listTasksOf(
  { assetId, tasks, claim }: AssetTasks,
  { status, taskType }: TaskFilter = { status: null, taskType: null },
): Task[] {
  return taskEntries(tasks)
    .filter(([type, task]) => [type, null].includes(taskType) && [shownStatus(task, claim), null].includes(status))
    .map(([type, task]) => toTask(assetId, type, task, claim))
    .toSorted(newestFirst);
}

/** The order of task lists. */
export function newestFirst(a: Task, b: Task): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  return a.id < b.id ? 1 : -1;
}
