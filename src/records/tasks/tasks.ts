/** Deferred work, one row per asset and kind. The rows are the truth; the queue only rings. */
import { and, asc, eq, inArray, lte, or, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { tasks, taskTypes } from "../schema/schema.ts";

export type Task = typeof tasks.$inferSelect;

export { taskTypes };
export type TaskType = (typeof taskTypes)[number];

export interface NewTasks {
  assetId: string;
  libraryId: string;
  userId: string;
  types: TaskType[];
  atMs: number;
  /** Recorded on every task at birth: why the content could not be read when it was uploaded. */
  problem: string | null;
}

function taskRows(work: Pick<NewTasks, "types" | "atMs">) {
  return work.types.map((taskType) => ({
    id: newId("task", work.atMs),
    taskType,
    deliveryId: crypto.randomUUID(),
  }));
}

/** A batch statement that queues tasks where `condition` holds. An asset has at most one task of a kind. */
export function insertTasks(db: Database, work: NewTasks, condition: SQL) {
  return db.statement(sql`
    INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, error_message, due_at, created_at)
    SELECT t.value ->> 'id', ${work.libraryId}, ${work.userId}, ${work.assetId}, t.value ->> 'taskType',
      t.value ->> 'deliveryId', 'pending', ${work.problem}, ${work.atMs}, ${work.atMs}
    FROM json_each(${JSON.stringify(taskRows(work))}) t WHERE ${condition}
    ON CONFLICT DO NOTHING`);
}

/**
 * The same, and what was done before is to be done again: for work on a picture that has changed. The last failure's
 * reason stays, as the contract has it. Whoever is at it has lost the claim.
 */
export function reopenTasks(db: Database, work: Omit<NewTasks, "problem">, condition: SQL) {
  return db.statement(sql`
    INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, due_at, created_at)
    SELECT t.value ->> 'id', ${work.libraryId}, ${work.userId}, ${work.assetId}, t.value ->> 'taskType',
      t.value ->> 'deliveryId', 'pending', ${work.atMs}, ${work.atMs}
    FROM json_each(${JSON.stringify(taskRows(work))}) t WHERE ${condition}
    ON CONFLICT (asset_id, task_type) DO UPDATE SET status = 'pending', due_at = excluded.due_at, retry_count = 0,
      result = NULL, completed_at = NULL`);
}

export async function listUnfinishedTasks(db: Database, assetId: string): Promise<Task[]> {
  return await db.orm
    .select()
    .from(tasks)
    .where(and(eq(tasks.assetId, assetId), inArray(tasks.status, ["pending", "started"])));
}

/** Assets with work that is overdue at `atMs`: lost messages, crashed consumers. */
export async function listOverdueAssetIds(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ assetId: tasks.assetId })
    .from(tasks)
    // Written as the partial index has it, or SQLite would not use it.
    .where(and(sql`${tasks.status} IN ('pending', 'started')`, lte(tasks.dueAt, atMs)))
    .orderBy(asc(tasks.dueAt))
    .limit(limit);
  return [...new Set(rows.flatMap((row) => (row.assetId === null ? [] : [row.assetId])))];
}

/** Counts what is overdue as due from now on, so that the sweep's next ring is for others first. Running work keeps its claim. */
export async function postponeTasks(db: Database, assetIds: string[], dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ dueAt })
    .where(
      and(
        sql`${tasks.assetId} IN (SELECT value FROM json_each(${JSON.stringify(assetIds)}))`,
        inArray(tasks.status, ["pending", "started"]),
        lte(tasks.dueAt, dueAt),
      ),
    );
}

/**
 * The task, for one caller at a time: pending and due, or started by someone whose time has run out, which counts as a
 * try. Null when it is not to be had. `untilMs` is when the claim runs out.
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

/** Still the claim that `task` was read with: whoever lost it has no say any more. */
function heldClaim(task: Task) {
  return and(eq(tasks.id, task.id), eq(tasks.status, "started"), eq(tasks.dueAt, task.dueAt));
}

export interface TaskEnd {
  status: "success" | "failure";
  result: string | null;
  /** Null leaves the last failure's: the contract keeps it through a later success. */
  errorMessage: string | null;
}

export async function finishTask(db: Database, task: Task, end: TaskEnd, atMs: number): Promise<void> {
  const error = end.errorMessage === null ? {} : { errorMessage: end.errorMessage };
  await db.orm
    .update(tasks)
    .set({ status: end.status, result: end.result, completedAt: atMs, ...error })
    .where(heldClaim(task));
}

/** Back to pending after a passing failure; `dueAt` says when it may run again. */
export async function retryTask(db: Database, task: Task, errorMessage: string, dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ status: "pending", errorMessage, dueAt, retryCount: sql`${tasks.retryCount} + 1` })
    .where(heldClaim(task));
}

/** What is pending, or was left by a consumer that died, fails with the reason it has, else with this one. */
export async function failWaitingTasks(db: Database, assetId: string, reason: string, atMs: number): Promise<void> {
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
