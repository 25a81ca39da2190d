import { notFound } from "../../kernel/errors.ts";
import { findAssetPosition } from "../../records/assets/assets.ts";
import { listLiveLibraryIds, selectLiveLibraries } from "../../records/libraries/libraries.ts";
import * as records from "../../records/tasks/taskQueries.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";

export { taskStatuses, type TaskStatus } from "../../records/tasks/taskQueries.ts";
export { FORMER_TASK_TYPES, taskTypes } from "../../records/schema/schema.ts";
export type { Task } from "../../records/tasks/taskQueries.ts";
export type { TaskType } from "../../records/tasks/tasks.ts";

/** Reads a task by its id or its `celery_task_id`, since clients store either. Throws `not_found`. */
export async function getTask(context: Context, principal: Principal, taskOrCeleryId: string): Promise<records.Task> {
  const task = await records.findTask(context.db, principal, taskOrCeleryId);
  if (task === null) throw notFound("task");
  return task;
}

/** Lists the tasks of one asset. Throws `not_found` for an unknown or inaccessible asset. */
export async function listAssetTasks(context: Context, principal: Principal, assetId: string): Promise<records.Task[]> {
  if ((await findAssetPosition(context.db, principal, assetId)) === null) throw notFound("asset");
  return await records.listAssetTasks(context.db, assetId);
}

export interface ListTasksParams {
  /** Library to list; null selects all live libraries that the credential can access. */
  libraryId: string | null;
  status: records.TaskStatus | null;
  taskType: TaskType | null;
  limit: number;
}

/** Lists tasks by library, status and type, a page at a time. Throws `not_found` for an unknown library. */
export async function listTasks(
  context: Context,
  principal: Principal,
  params: ListTasksParams,
): Promise<records.Task[]> {
  const { libraryId, ...filter } = params;
  const libraries =
    libraryId === null
      ? await listLiveLibraryIds(context.db, principal)
      : await selectLiveLibraries(context.db, principal, libraryId);
  if (libraryId !== null && libraries.length === 0) throw notFound("library");
  return await records.listTasks(context.db, {
    ...filter,
    libraryIds: libraries.map((library) => library.id),
    trashWasCleared: libraries.some((library) => library.trashClearedAt > 0),
  });
}
