/** Tasks as their owner asks for them: one, those of an asset, the newest of libraries. Changes none. */
import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { emptiedAtOf, withinReach, type Reach } from "../libraries/libraries.ts";
import { tasks } from "../schema/schema.ts";
import { taskTypes, type Task, type TaskType } from "./tasks.ts";

export const taskStatuses = ["pending", "started", "success", "failure"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** Work of what the trash was emptied of is hidden with it. */
const assetTrashedAt = sql`(SELECT a.trashed_at FROM assets a WHERE a.id = ${tasks.assetId})`;

/** By either of its names, its own id or its delivery's. */
export async function findTask(
  db: Database,
  reach: Reach,
  name: { id: string } | { deliveryId: string },
): Promise<Task | null> {
  const named = "id" in name ? eq(tasks.id, name.id) : eq(tasks.deliveryId, name.deliveryId);
  const reachable = and(eq(tasks.userId, reach.userId), withinReach(reach, sql`${tasks.libraryId}`, assetTrashedAt));
  return (await db.orm.select().from(tasks).where(and(named, reachable)).get()) ?? null;
}

/** Newest first; at most one of a kind, so there is no page to it. */
export async function listTasksOfAsset(db: Database, assetId: string): Promise<Task[]> {
  return await db.orm.select().from(tasks).where(eq(tasks.assetId, assetId)).orderBy(desc(tasks.id));
}

export interface TaskListRequest {
  libraryIds: string[];
  /** Whether any of them has had its trash emptied: each task's asset is then looked at. */
  wasEmptied: boolean;
  status: TaskStatus | null;
  taskType: TaskType | null;
  limit: number;
}

/** Ids of one stream: a part of an index that is in order of ids. */
function streamOf(request: TaskListRequest): { index: SQL; within: SQL } {
  const library = sql`k.library_id = s.library_id`;
  if (request.status === null && request.taskType === null)
    return { index: sql.raw("tasks_by_library"), within: library };
  const within = sql`${library} AND k.status = s.status AND k.task_type = s.task_type`;
  return { index: sql.raw("tasks_by_status"), within };
}

/**
 * The newest ids of all streams that the request names, merged: SQLite keeps a recursion's rows in a queue, and with
 * an order that queue gives out the newest, whose successor in its own stream then takes its place. What is read is
 * one row for each stream and two for each task of the answer, however many tasks there are.
 */
function newestIds(request: TaskListRequest): SQL {
  const { index, within } = streamOf(request);
  const filtered = request.status !== null || request.taskType !== null;
  const statuses = filtered ? (request.status === null ? taskStatuses : [request.status]) : [null];
  const types = filtered ? (request.taskType === null ? taskTypes : [request.taskType]) : [null];
  return sql`WITH RECURSIVE
    streams(library_id, status, task_type) AS (
      SELECT l.value, s.value, t.value FROM json_each(${JSON.stringify(request.libraryIds)}) l
        CROSS JOIN json_each(${JSON.stringify(statuses)}) s CROSS JOIN json_each(${JSON.stringify(types)}) t),
    merged(id, library_id, status, task_type) AS (
      SELECT (SELECT max(k.id) FROM tasks k INDEXED BY ${index} WHERE ${within}), s.library_id, s.status, s.task_type
        FROM streams s
      UNION ALL
      SELECT (SELECT max(k.id) FROM tasks k INDEXED BY ${index} WHERE ${within} AND k.id < s.id),
          s.library_id, s.status, s.task_type
        FROM merged s WHERE s.id IS NOT NULL
      ORDER BY 1 DESC LIMIT ${request.limit})
    SELECT id FROM merged WHERE id IS NOT NULL`;
}

/** Ids are minted in order of time, so the newest is the greatest. Of emptied trash, none, and fewer than asked for. */
export async function listTasks(db: Database, request: TaskListRequest): Promise<Task[]> {
  const hidden = sql`coalesce(${assetTrashedAt} <= ${emptiedAtOf(sql`${tasks.libraryId}`)}, 0)`;
  return await db.orm
    .select()
    .from(tasks)
    .where(and(sql`${tasks.id} IN (${newestIds(request)})`, request.wasEmptied ? sql`NOT ${hidden}` : undefined))
    .orderBy(desc(tasks.id));
}
