/** Inserts, reads and changes the tasks of assets as the database has them. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { openDatabase } from "../../../src/records/database.ts";
import {
  listTasksOf,
  parseAssetTasks,
  statesOfTasks,
  taskEntries,
  toTasksJson,
  type AssetTasks,
  type Claim,
  type StoredTask,
  type Task,
} from "../../../src/records/tasks/assetTasks.ts";
import { taskIds, type TaskType } from "../../../src/records/tasks/taskIds.ts";
import { assetTasks } from "../../../src/records/schema/schema.ts";

export interface TaskFields {
  assetId?: string;
  taskType?: TaskType;
  /** A started task is claimed until `dueAt`, with the other pending tasks of its asset. */
  status?: Task["status"];
  result?: string;
  errorMessage?: string;
  dueAt?: number;
}

async function readRows(assetId: string | null): Promise<AssetTasks[]> {
  const rows = await openDatabase(env.DB, "primary").orm.select().from(assetTasks);
  return rows.filter((row) => assetId === null || row.assetId === assetId).map(parseAssetTasks);
}

function columnsOf(row: AssetTasks): unknown[] {
  const entries = taskEntries(row.tasks);
  const dueTimes = entries.flatMap(([, task]) => (task.status === "pending" ? [task.dueAt] : []));
  return [
    row.assetId,
    row.libraryId,
    row.userId,
    JSON.stringify(toTasksJson(row.tasks)),
    statesOfTasks(row.tasks, row.claim !== null),
    Math.max(...entries.map(([, task]) => task.createdAt)),
    dueTimes.length === 0 ? null : Math.min(...dueTimes),
    row.claim?.atMs ?? null,
    row.claim?.untilMs ?? null,
    row.claim?.type ?? null,
    row.revision + 1,
  ];
}

async function writeRows(rows: AssetTasks[]): Promise<void> {
  const columns = Array.from({ length: 11 }, (_, i) => `r.value ->> ${i}`).join(", ");
  await env.DB.prepare(
    `INSERT OR REPLACE INTO asset_tasks (asset_id, library_id, user_id, tasks, states, newest_at, due_at, claimed_at,
       claimed_until, claimed_type, revision) SELECT ${columns} FROM json_each(?) r`,
  )
    .bind(JSON.stringify(rows.map(columnsOf)))
    .run();
}

async function writeRow(row: AssetTasks): Promise<void> {
  await writeRows([row]);
}

function storedTask(fields: TaskFields, atMs: number): StoredTask {
  const { status = "success", result, errorMessage: error, dueAt = atMs } = fields;
  return {
    status: status === "started" ? "pending" : status,
    dueAt,
    createdAt: atMs,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
}

/**
 * Inserts tasks in the given order, each a millisecond newer than the previous one, and returns their ids. Each is of the
 * given asset or of one of its own.
 */
export async function insertTaskRows(
  owner: { userId: string; libraryId: string },
  fields: TaskFields[],
  fromMs: number = Date.now(),
): Promise<string[]> {
  const rows = new Map<string, AssetTasks>();
  const ids = fields.map((field, i) => {
    const { assetId = newId("asset"), taskType = "thumbhash" } = field;
    const task = storedTask(field, fromMs + i);
    const claim = field.status === "started" ? { atMs: fromMs, untilMs: task.dueAt, type: null } : null;
    const { userId, libraryId } = owner;
    const row = rows.get(assetId) ?? { assetId, userId, libraryId, tasks: {}, claim: null, dueAt: null, revision: 0 };
    rows.set(assetId, { ...row, claim: claim ?? row.claim, tasks: { ...row.tasks, [taskType]: task } });
    return taskIds(assetId, taskType).id;
  });
  await writeRows([...rows.values()]);
  return ids;
}

export interface TaskRow {
  id: string;
  celery_task_id: string;
  task_type: TaskType;
  status: Task["status"];
  result: string | null;
  error_message: string | null;
  retry_count: number;
  due_at: number;
  created_at: number;
  started_at: number | null;
  completed_at: number | null;
}

/** The tasks of an asset in the order of their types' names. */
export async function readTasks(assetId: string): Promise<TaskRow[]> {
  const rows = (await readRows(assetId)).flatMap((row) =>
    listTasksOf(row).map((task) => ({
      id: task.id,
      celery_task_id: task.celeryTaskId,
      task_type: task.taskType,
      status: task.status,
      result: task.result,
      error_message: task.errorMessage,
      retry_count: task.retryCount,
      due_at: row.tasks[task.taskType]?.dueAt ?? 0,
      created_at: task.createdAt,
      started_at: task.startedAt,
      completed_at: task.completedAt,
    })),
  );
  return rows.toSorted((a, b) => (a.task_type < b.task_type ? -1 : 1));
}

export async function tasksByType(assetId: string): Promise<Record<string, TaskRow>> {
  return Object.fromEntries((await readTasks(assetId)).map((row) => [row.task_type, row]));
}

/** Changes stored tasks of an asset: all, or those of `types`. */
export async function changeTasks(assetId: string, change: Partial<StoredTask>, types?: TaskType[]): Promise<void> {
  for (const row of await readRows(assetId)) {
    const entries = taskEntries(row.tasks).map(([type, task]): [TaskType, StoredTask] =>
      types === undefined || types.includes(type) ? [type, { ...task, ...change }] : [type, task],
    );
    await writeRow({ ...row, tasks: Object.fromEntries(entries) });
  }
}

/** Makes the pending tasks of an asset, and the claim on them, due at `dueAt`. */
export async function makeDue(assetId: string, dueAt = Date.now() - 1000): Promise<void> {
  for (const row of await readRows(assetId)) {
    const entries = taskEntries(row.tasks).map(([type, task]): [TaskType, StoredTask] => [
      type,
      task.status === "pending" ? { ...task, dueAt } : task,
    ]);
    const claim = row.claim === null ? null : { ...row.claim, atMs: dueAt, untilMs: dueAt };
    await writeRow({ ...row, tasks: Object.fromEntries(entries), claim });
  }
}

/** Sets the claim on an asset's tasks, as if a consumer ran them. */
export async function setClaim(assetId: string, claim: Claim | null): Promise<void> {
  for (const row of await readRows(assetId)) await writeRow({ ...row, claim });
}

/** Deletes the tasks of an asset, apart from those of `types`. */
export async function keepTasks(assetId: string, types: TaskType[]): Promise<void> {
  for (const row of await readRows(assetId)) {
    const kept = taskEntries(row.tasks).filter(([type]) => types.includes(type));
    await writeRow({ ...row, tasks: Object.fromEntries(kept) });
  }
}

/** Finishes the pending tasks of every asset but one. */
export async function finishOtherTasks(assetId: string): Promise<void> {
  for (const row of await readRows(null))
    if (row.assetId !== assetId) await changeTasks(row.assetId, { status: "success" });
}

/** Rows whose columns differ from what follows from their tasks. The sweep may have postponed `due_at`. */
export async function findTaskMismatches(): Promise<unknown[]> {
  const rows = await openDatabase(env.DB, "primary").orm.select().from(assetTasks);
  return rows.filter((stored) => {
    const row = parseAssetTasks(stored);
    const tasks = taskEntries(row.tasks).map(([, task]) => task);
    const dueTimes = tasks.flatMap((task) => (task.status === "pending" ? [task.dueAt] : []));
    const isDueRight = dueTimes.length === 0 ? stored.dueAt === null : (stored.dueAt ?? -1) >= Math.min(...dueTimes);
    return (
      stored.states !== statesOfTasks(row.tasks, row.claim !== null) ||
      stored.newestAt !== Math.max(...tasks.map((task) => task.createdAt)) ||
      !isDueRight
    );
  });
}
