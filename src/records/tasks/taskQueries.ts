/** Reads tasks for members of their library: one task, the tasks of an asset, the newest tasks of libraries. */
import { and, eq, getTableColumns, inArray, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { trashClearedAtOf } from "../libraries/libraries.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { assetTasks } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { listTasksOf, newestFirst, parseAssetTasks, type Task, type TaskFilter } from "./assetTasks.ts";
import { tasksOfId } from "./taskIds.ts";
import { countMatches } from "./taskStates.ts";

export type { Task } from "./assetTasks.ts";
export { taskStatuses, type TaskStatus } from "./taskStates.ts";

/** Tasks of assets in a cleared trash are hidden with the assets. */
const assetTrashedAt = sql`(SELECT a.trashed_at FROM assets a WHERE a.id = ${assetTasks.assetId})`;

/** Finds a task by its id or by its `celery_task_id`. */
export async function findTask(db: Database, scope: LibraryScope, taskOrCeleryId: string): Promise<Task | null> {
  const named = tasksOfId(taskOrCeleryId);
  if (named.length === 0) return null;
  const assetIds = named.map((task) => task.assetId);
  const rows = await db.orm
    .select()
    .from(assetTasks)
    .where(and(inArray(assetTasks.assetId, assetIds), inScope(scope, assetTasks.libraryId, assetTrashedAt)));
  const tasks = rows.flatMap((row) => listTasksOf(parseAssetTasks(row)));
  return tasks.find((task) => task.id === taskOrCeleryId || task.celeryTaskId === taskOrCeleryId) ?? null;
}

/** Newest first. An asset has at most one task per type, so the list is unpaginated. */
export async function listAssetTasks(db: Database, assetId: string): Promise<Task[]> {
  const rows = await db.orm.select().from(assetTasks).where(eq(assetTasks.assetId, assetId));
  return rows.flatMap((row) => listTasksOf(parseAssetTasks(row)));
}

export interface TaskListRequest extends TaskFilter {
  libraryIds: string[];
  /** Whether the trash of any of them was ever cleared: each task's asset is then checked. */
  trashWasCleared: boolean;
  limit: number;
}

const INDEX = sql.raw("asset_tasks k INDEXED BY asset_tasks_by_states");

/** Digits of a time in a sort key: milliseconds until the year 2286 have 13. */
const TIME_DIGITS = 13;

/** The greatest sort key of a stream `s`: the time of the newest task, then the asset's id. */
function nextKey(condition: SQL): SQL {
  return sql`(SELECT printf('%0${sqlNumber(TIME_DIGITS)}d', k.newest_at) || k.asset_id FROM ${INDEX}
    WHERE k.library_id = s.library_id AND k.states = s.states AND ${condition}
    ORDER BY k.newest_at DESC, k.asset_id DESC LIMIT 1)`;
}

/**
 * Sort keys of the rows with the newest tasks, as many as `limit` matching tasks need.
 *
 * Rows with equal states are a stream, in the order of the index. A library has few different states: those of its kinds
 * of files, and of failures. Their matching streams are merged: SQLite keeps the rows of a recursive query in a queue,
 * ORDER BY makes that queue return the newest, and the recursion adds the next row of the same stream. Reads a few rows
 * for each state and for each returned row, whatever the number of assets.
 */
function newestKeys({ libraryIds, status, taskType, limit }: TaskListRequest): SQL {
  const after = sql`(k.newest_at, k.asset_id) <
    (CAST(substr(s.key, 1, ${sqlNumber(TIME_DIGITS)}) AS INTEGER), substr(s.key, ${sqlNumber(TIME_DIGITS + 1)}))`;
  return sql`WITH RECURSIVE
    groups(library_id, states) AS (
      SELECT l.value, (SELECT min(k.states) FROM ${INDEX} WHERE k.library_id = l.value) FROM ${jsonEach(libraryIds)} l
      UNION ALL
      SELECT g.library_id, (SELECT min(k.states) FROM ${INDEX} WHERE k.library_id = g.library_id AND k.states > g.states)
        FROM groups g WHERE g.states IS NOT NULL),
    streams(library_id, states, matches) AS MATERIALIZED (
      SELECT g.library_id, g.states, ${countMatches(sql`g.states`, status, taskType)} FROM groups g
        WHERE g.states IS NOT NULL),
    merged(key, library_id, states) AS (
      SELECT ${nextKey(sql`true`)}, s.library_id, s.states FROM streams s WHERE s.matches > 0
      UNION ALL
      SELECT ${nextKey(after)}, s.library_id, s.states FROM merged s WHERE s.key IS NOT NULL
      ORDER BY 1 DESC LIMIT (SELECT 1 + (${sqlNumber(limit)} - 1) / coalesce(min(matches), 1) FROM streams WHERE matches > 0))
    SELECT key FROM merged WHERE key IS NOT NULL`;
}

/**
 * Lists tasks, newest first, of the assets with the newest tasks: one added later to an old asset brings the other tasks
 * of that asset before those of newer assets. Tasks hidden by a cleared trash are left out, so a page may be shorter than
 * `limit`.
 */
export async function listTasks(db: Database, request: TaskListRequest): Promise<Task[]> {
  const isHidden = sql`coalesce(${assetTrashedAt} <= ${trashClearedAtOf(sql`${assetTasks.libraryId}`)}, 0)`;
  // CROSS JOIN keeps the order of the tables: each key reads one row.
  const rows = await db.orm
    .select(getTableColumns(assetTasks))
    .from(sql`(${newestKeys(request)}) n`)
    .crossJoin(assetTasks)
    .where(
      and(
        sql`${assetTasks.assetId} = substr(n.key, ${sqlNumber(TIME_DIGITS + 1)})`,
        request.trashWasCleared ? sql`NOT ${isHidden}` : undefined,
      ),
    );
  return rows
    .flatMap((row) => listTasksOf(parseAssetTasks(row), request))
    .toSorted(newestFirst)
    .slice(0, request.limit);
}
