/** What an owner may see of the deferred work. Runs none of it. */
import { notFound } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { findAsset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { listLibraries, selectLiveLibraries } from "../../records/libraries/libraries.ts";
import * as records from "../../records/tasks/taskQueries.ts";
import type { Task, TaskType } from "../../records/tasks/tasks.ts";
import type { Principal } from "../accounts/authentication.ts";

export { taskStatuses, type TaskStatus } from "../../records/tasks/taskQueries.ts";
export { taskTypes, type Task, type TaskType } from "../../records/tasks/tasks.ts";

/** Clients keep either name: the task's id, or that of its delivery. */
export async function getTask(db: Database, who: Principal, name: string): Promise<Task> {
  const task = await records.findTask(db, who, isId("task", name) ? { id: name } : { deliveryId: name });
  if (task === null) throw notFound("task");
  return task;
}

export async function listTasksOfAsset(db: Database, who: Principal, assetId: string): Promise<Task[]> {
  if ((await findAsset(db, who, assetId)) === null) throw notFound("asset");
  return await records.listTasksOfAsset(db, assetId);
}

export interface TaskListQuestion {
  /** Null: every live library that the credential reaches. */
  libraryId: string | null;
  status: records.TaskStatus | null;
  taskType: TaskType | null;
  limit: number;
}

export async function listTasks(db: Database, who: Principal, question: TaskListQuestion): Promise<Task[]> {
  const { libraryId, ...filter } = question;
  const libraries =
    libraryId === null ? await listLibraries(db, who, "live") : await selectLiveLibraries(db, who, libraryId);
  if (libraryId !== null && libraries.length === 0) throw notFound("library");
  return await records.listTasks(db, {
    ...filter,
    libraryIds: libraries.map((library) => library.id),
    wasEmptied: libraries.some((library) => library.emptiedAt > 0),
  });
}
