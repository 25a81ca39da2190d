/** Creates and reopens deferred tasks: one row per asset. Rows are the source of truth; messages only carry asset ids. */
import { and, asc, isNull, lte, or, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { assetTasks } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";
import { statesOfTasks, tasksFor, toTasksJson, type StoredTask } from "./assetTasks.ts";
import type { TaskType } from "./taskIds.ts";
import { hasTasks, reopenedStates } from "./taskStates.ts";

export type { TaskType } from "./taskIds.ts";

export interface NewTasks {
  assetId: string;
  libraryId: string;
  userId: string;
  types: TaskType[];
  atMs: number;
  /** Why reading the content failed during the upload; recorded on every task. */
  errorMessage: string | null;
}

function newTask(atMs: number, errorMessage: string | null = null): StoredTask {
  return {
    status: "pending",
    dueAt: atMs,
    createdAt: atMs,
    ...(errorMessage === null ? {} : { error: errorMessage }),
  };
}

/** Inserts rows of new tasks for a SELECT of `asset_id, library_id, user_id`. */
function insertRows(types: TaskType[], task: StoredTask, select: SQL): SQL {
  const tasks = tasksFor(types, task);
  return sql`INSERT INTO asset_tasks (asset_id, library_id, user_id, tasks, states, newest_at, due_at, revision)
    SELECT n.*, ${JSON.stringify(toTasksJson(tasks))}, ${statesOfTasks(tasks, false)}, ${task.createdAt}, ${task.dueAt}, 0
    FROM (${select}) n WHERE true`;
}

/** A batch statement that inserts the pending tasks of a new asset if `condition` holds. */
export function insertTasks(db: Database, work: NewTasks, condition: SQL) {
  const select = sql`SELECT ${work.assetId}, ${work.libraryId}, ${work.userId} WHERE ${condition}`;
  return db.statement(
    sql`${insertRows(work.types, newTask(work.atMs, work.errorMessage), select)} ON CONFLICT DO NOTHING`,
  );
}

/**
 * Makes the tasks pending for each asset of a SELECT of `asset_id, library_id, user_id`, and adds those that an asset
 * lacks. `error` stays, as the contract requires. A consumer that runs them cannot store their results any more.
 */
export function reopenSelectedTasks(db: Database, types: TaskType[], select: SQL, atMs: number) {
  const reset = { status: "pending", dueAt: atMs, retries: null, result: null, outcome: null, completedAt: null };
  const patch = JSON.stringify(toTasksJson(Object.fromEntries(types.map((type) => [type, reset]))));
  const states = sql`asset_tasks.states`;
  const firstOther = sql`(SELECT min(t.value ->> 'dueAt') FROM json_each(asset_tasks.tasks) t
    WHERE t.value ->> 'status' = 'pending' AND json_type(${patch}, '$.' || t.key) IS NULL)`;
  return db.statement(sql`${insertRows(types, newTask(atMs), select)}
    ON CONFLICT (asset_id) DO UPDATE SET
      tasks = json_patch(json_patch(excluded.tasks, asset_tasks.tasks), ${patch}),
      states = ${reopenedStates(states, types)},
      newest_at = CASE WHEN ${hasTasks(states, types)} THEN newest_at ELSE excluded.newest_at END,
      due_at = min(coalesce(${firstOther}, excluded.due_at), excluded.due_at),
      revision = revision + 1`);
}

/** Makes tasks on a changed image pending again if `condition` holds. */
export function reopenTasks(db: Database, work: Omit<NewTasks, "errorMessage">, condition: SQL) {
  const select = sql`SELECT ${work.assetId}, ${work.libraryId}, ${work.userId} WHERE ${condition}`;
  return reopenSelectedTasks(db, work.types, select, work.atMs);
}

/** Assets whose tasks are overdue at `atMs` after a lost message, or whose claim expired before it after a crash. */
function isOverdue(atMs: number) {
  return and(lte(assetTasks.dueAt, atMs), or(isNull(assetTasks.claimedUntil), lte(assetTasks.claimedUntil, atMs)));
}

/** Reads, besides the overdue assets, one row for each asset whose tasks are running. */
export async function listOverdueAssetIds(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ assetId: assetTasks.assetId })
    .from(assetTasks)
    .where(isOverdue(atMs))
    .orderBy(asc(assetTasks.dueAt))
    .limit(limit);
  return rows.map((row) => row.assetId);
}

/** Sets overdue rows to `dueAt`, so that the next sweep starts with others. Claims of running consumers stay. */
export async function postponeTasks(db: Database, assetIds: string[], dueAt: number): Promise<void> {
  await db.orm
    .update(assetTasks)
    .set({ dueAt })
    .where(and(inList(assetTasks.assetId, assetIds), isOverdue(dueAt)));
}
