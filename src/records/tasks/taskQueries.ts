/** Reads tasks for their owner: one task, the tasks of an asset, the newest tasks of libraries. */
import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { inScope, trashClearedAtOf, type LibraryScope } from "../libraries/libraries.ts";
import { tasks } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { taskTypes, type Task, type TaskType } from "./tasks.ts";

export const taskStatuses = ["pending", "started", "success", "failure"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** Tasks of assets in a cleared trash are hidden with the assets. */
const assetTrashedAt = sql`(SELECT a.trashed_at FROM assets a WHERE a.id = ${tasks.assetId})`;

/** Finds a task by its id or by its `celery_task_id`. */
export async function findTask(
  db: Database,
  scope: LibraryScope,
  key: { id: string } | { celeryTaskId: string },
): Promise<Task | null> {
  const hasKey = "id" in key ? eq(tasks.id, key.id) : eq(tasks.celeryTaskId, key.celeryTaskId);
  const isOwned = and(eq(tasks.userId, scope.userId), inScope(scope, tasks.libraryId, assetTrashedAt));
  return (await db.orm.select().from(tasks).where(and(hasKey, isOwned)).get()) ?? null;
}

/** Newest first. An asset has at most one task per type, so the list is unpaginated. */
export async function listAssetTasks(db: Database, assetId: string): Promise<Task[]> {
  return await db.orm.select().from(tasks).where(eq(tasks.assetId, assetId)).orderBy(desc(tasks.id));
}

export interface TaskListRequest {
  libraryIds: string[];
  /** Whether the trash of any of them was ever cleared: each task's asset is then checked. */
  trashWasCleared: boolean;
  status: TaskStatus | null;
  taskType: TaskType | null;
  limit: number;
}

/** The index range of one stream, in order of ids. */
function streamRange(request: TaskListRequest): { index: SQL; condition: SQL } {
  const library = sql`k.library_id = s.library_id`;
  if (request.status === null && request.taskType === null)
    return { index: sql.raw("tasks_by_library"), condition: library };
  const condition = sql`${library} AND k.status = s.status AND k.task_type = s.task_type`;
  return { index: sql.raw("tasks_by_status"), condition };
}

/**
 * Merges the newest ids of the requested streams. SQLite keeps the rows of a recursive query in a queue; ORDER BY makes
 * that queue return the newest row, and the recursion then adds the next row of the same stream. Reads one row per
 * stream and two per returned task, whatever the number of tasks.
 */
function newestIds(request: TaskListRequest): SQL {
  const { index, condition } = streamRange(request);
  const filtered = request.status !== null || request.taskType !== null;
  const statuses = filtered ? (request.status === null ? taskStatuses : [request.status]) : [null];
  const types = filtered ? (request.taskType === null ? taskTypes : [request.taskType]) : [null];
  return sql`WITH RECURSIVE
    streams(library_id, status, task_type) AS (
      SELECT l.value, s.value, t.value FROM ${jsonEach(request.libraryIds)} l
        CROSS JOIN ${jsonEach(statuses)} s CROSS JOIN ${jsonEach(types)} t),
    merged(id, library_id, status, task_type) AS (
      SELECT (SELECT max(k.id) FROM tasks k INDEXED BY ${index} WHERE ${condition}), s.library_id, s.status, s.task_type
        FROM streams s
      UNION ALL
      SELECT (SELECT max(k.id) FROM tasks k INDEXED BY ${index} WHERE ${condition} AND k.id < s.id),
          s.library_id, s.status, s.task_type
        FROM merged s WHERE s.id IS NOT NULL
      ORDER BY 1 DESC LIMIT ${request.limit})
    SELECT id FROM merged WHERE id IS NOT NULL`;
}

/**
 * Newest first: ids sort by time. Tasks hidden by a cleared trash are left out, so a page may be shorter than `limit`.
 */
export async function listTasks(db: Database, request: TaskListRequest): Promise<Task[]> {
  const isHidden = sql`coalesce(${assetTrashedAt} <= ${trashClearedAtOf(sql`${tasks.libraryId}`)}, 0)`;
  return await db.orm
    .select()
    .from(tasks)
    .where(and(sql`${tasks.id} IN (${newestIds(request)})`, request.trashWasCleared ? sql`NOT ${isHidden}` : undefined))
    .orderBy(desc(tasks.id));
}
