/** Deferred work, one row per asset and kind. The rows are the truth; the queue only rings. */
import { and, asc, eq, inArray, lte, sql, type SQL } from "drizzle-orm";
import { newId } from "../kernel/ids.ts";
import type { Database } from "./database.ts";
import { tasks } from "./schema.ts";

export type Task = typeof tasks.$inferSelect;

/** The kinds of work this build can do. */
export type TaskType = "thumbhash";

export interface NewTasks {
  assetId: string;
  libraryId: string;
  userId: string;
  types: TaskType[];
  atMs: number;
  /** Recorded on every task at birth: why the content could not be read when it was uploaded. */
  problem: string | null;
}

/** A batch statement that queues tasks where `condition` holds. An asset has at most one task of a kind. */
export function insertTasks(db: Database, work: NewTasks, condition: SQL) {
  const rows = work.types.map((taskType) => ({
    id: newId("task", work.atMs),
    taskType,
    deliveryId: crypto.randomUUID(),
  }));
  return db.statement(sql`
    INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, error_message, due_at, created_at)
    SELECT t.value ->> 'id', ${work.libraryId}, ${work.userId}, ${work.assetId}, t.value ->> 'taskType',
      t.value ->> 'deliveryId', 'pending', ${work.problem}, ${work.atMs}, ${work.atMs}
    FROM json_each(${JSON.stringify(rows)}) t WHERE ${condition}
    ON CONFLICT DO NOTHING`);
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

/** Pushes the due time of an asset's unfinished work on, so that one sweep's ring is not rung again by the next. */
export async function postponeTasks(db: Database, assetIds: string[], dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ dueAt })
    .where(
      and(
        sql`${tasks.assetId} IN (SELECT value FROM json_each(${JSON.stringify(assetIds)}))`,
        inArray(tasks.status, ["pending", "started"]),
      ),
    );
}

export async function startTask(db: Database, id: string, atMs: number, dueAt: number): Promise<void> {
  await db.orm.update(tasks).set({ status: "started", startedAt: atMs, dueAt }).where(eq(tasks.id, id));
}

export interface TaskOutcome {
  status: "success" | "failure";
  result: string | null;
  errorMessage: string | null;
}

export async function finishTask(db: Database, id: string, outcome: TaskOutcome, atMs: number): Promise<void> {
  const error = outcome.errorMessage === null ? {} : { errorMessage: outcome.errorMessage };
  await db.orm
    .update(tasks)
    .set({ status: outcome.status, result: outcome.result, completedAt: atMs, ...error })
    .where(eq(tasks.id, id));
}

/** Back to pending after a passing failure; `dueAt` says when it may run again. */
export async function retryTask(db: Database, id: string, errorMessage: string, dueAt: number): Promise<void> {
  await db.orm
    .update(tasks)
    .set({ status: "pending", errorMessage, dueAt, retryCount: sql`${tasks.retryCount} + 1` })
    .where(eq(tasks.id, id));
}
