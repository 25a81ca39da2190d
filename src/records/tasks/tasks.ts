/** Deferred tasks: one row per asset and type. Rows are the source of truth; queue messages only carry asset ids. */
import { and, asc, eq, inArray, lte, or, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { tasks, taskTypes } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";

export type Task = typeof tasks.$inferSelect;

export { taskTypes };
export type TaskType = (typeof taskTypes)[number];

export interface NewTasks {
  assetId: string;
  libraryId: string;
  userId: string;
  types: TaskType[];
  atMs: number;
  /** Why reading the content failed during the upload; recorded on every task. */
  errorMessage: string | null;
}

/** The ids of a new task. */
export function newTaskIds(atMs: number): { id: string; celeryTaskId: string } {
  return { id: newId("task", atMs), celeryTaskId: crypto.randomUUID() };
}

function taskRows({ types, atMs }: Pick<NewTasks, "types" | "atMs">) {
  return types.map((taskType) => ({ ...newTaskIds(atMs), taskType }));
}

/**
 * A batch statement that inserts pending tasks if `condition` holds. Tasks that the asset already has are unchanged.
 */
export function insertTasks(db: Database, work: NewTasks, condition: SQL) {
  return db.statement(sql`
    INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, celery_task_id, status, error_message, due_at, created_at)
    SELECT t.value ->> 'id', ${work.libraryId}, ${work.userId}, ${work.assetId}, t.value ->> 'taskType',
      t.value ->> 'celeryTaskId', 'pending', ${work.errorMessage}, ${work.atMs}, ${work.atMs}
    FROM ${jsonEach(taskRows(work))} t WHERE ${condition}
    ON CONFLICT DO NOTHING`);
}

/**
 * Inserts pending tasks from a SELECT of `id, library_id, user_id, asset_id, task_type, celery_task_id`, and resets
 * tasks that exist to pending. `error_message` stays, as the contract requires. A running consumer loses its claim.
 */
export function reopenSelectedTasks(db: Database, select: { columns: SQL; from: SQL }, atMs: number) {
  return db.statement(sql`
    INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, celery_task_id, status, due_at, created_at)
    SELECT ${select.columns}, 'pending', ${atMs}, ${atMs} FROM ${select.from}
    ON CONFLICT (asset_id, task_type) DO UPDATE SET status = 'pending', due_at = excluded.due_at, retry_count = 0,
      result = NULL, completed_at = NULL`);
}

/** Makes tasks on a changed image pending again if `condition` holds. */
export function reopenTasks(db: Database, work: Omit<NewTasks, "errorMessage">, condition: SQL) {
  const columns = sql`t.value ->> 'id', ${work.libraryId}, ${work.userId}, ${work.assetId}, t.value ->> 'taskType',
      t.value ->> 'celeryTaskId'`;
  return reopenSelectedTasks(db, { columns, from: sql`${jsonEach(taskRows(work))} t WHERE ${condition}` }, work.atMs);
}

export async function listUnfinishedTasks(db: Database, assetId: string): Promise<Task[]> {
  return await db.orm
    .select()
    .from(tasks)
    .where(and(eq(tasks.assetId, assetId), inArray(tasks.status, ["pending", "started"])));
}

/** Assets with tasks that are overdue at `atMs`, after a lost message or a crashed consumer. */
export async function listOverdueAssetIds(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ assetId: tasks.assetId })
    .from(tasks)
    // SQLite uses the partial index only for its exact condition.
    .where(and(sql`${tasks.status} IN ('pending', 'started')`, lte(tasks.dueAt, atMs)))
    .orderBy(asc(tasks.dueAt))
    .limit(limit);
  return [...new Set(rows.flatMap((row) => (row.assetId === null ? [] : [row.assetId])))];
}

/** Sets overdue tasks to `dueAt`, so that the next sweep starts with others. Claims of running consumers stay. */
export async function postponeTasks(db: Database, assetIds: string[], dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ dueAt })
    .where(
      and(inList(tasks.assetId, assetIds), inArray(tasks.status, ["pending", "started"]), lte(tasks.dueAt, dueAt)),
    );
}

/**
 * Claims a task until `untilMs`, if it is pending and due, or started with an expired claim, which counts as a retry.
 * Returns null otherwise.
 */
export async function claimTask(db: Database, id: string, atMs: number, untilMs: number): Promise<Task | null> {
  const rows = await db.orm
    .update(tasks)
    .set({
      status: "started",
      startedAt: atMs,
      dueAt: untilMs,
      retryCount: sql`${tasks.retryCount} + (${tasks.status} = 'started')`,
    })
    .where(and(eq(tasks.id, id), inArray(tasks.status, ["pending", "started"]), lte(tasks.dueAt, atMs)))
    .returning();
  return rows[0] ?? null;
}

/** A condition: the claim with which `task` was read is still valid. */
function holdsClaim(task: Task) {
  return and(eq(tasks.id, task.id), eq(tasks.status, "started"), eq(tasks.dueAt, task.dueAt));
}

export interface TaskCompletion {
  status: "success" | "failure";
  result: string | null;
  /** The new message; null preserves the last failure's, which the contract keeps after a success. */
  errorMessage: string | null;
}

export async function finishTask(db: Database, task: Task, completion: TaskCompletion, atMs: number): Promise<void> {
  const { status, result, errorMessage } = completion;
  await db.orm
    .update(tasks)
    .set({ status, result, completedAt: atMs, ...(errorMessage === null ? {} : { errorMessage }) })
    .where(holdsClaim(task));
}

/** Returns the task to pending after a transient failure, to run at `dueAt`. */
export async function retryTask(db: Database, task: Task, errorMessage: string, dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ status: "pending", errorMessage, dueAt, retryCount: sql`${tasks.retryCount} + 1` })
    .where(holdsClaim(task));
}

/** Fails tasks that are pending or have an expired claim. An earlier error message stays; otherwise `reason` is set. */
export async function failPendingTasks(db: Database, assetId: string, reason: string, atMs: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ status: "failure", completedAt: atMs, errorMessage: sql`coalesce(${tasks.errorMessage}, ${reason})` })
    .where(
      and(
        eq(tasks.assetId, assetId),
        or(eq(tasks.status, "pending"), and(eq(tasks.status, "started"), lte(tasks.dueAt, atMs))),
      ),
    );
}
