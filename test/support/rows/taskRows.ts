/** Inserts task rows by SQL, each for a given or a random asset id. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";

export interface TaskFields {
  assetId?: string;
  taskType?: string;
  status?: string;
  celeryTaskId?: string;
  result?: string | null;
  errorMessage?: string | null;
  dueAt?: number;
}

/** Inserts tasks in the given order, each a millisecond newer than the previous one, and returns their ids. */
export async function insertTaskRows(
  owner: { userId: string; libraryId: string },
  fields: TaskFields[],
  fromMs: number = Date.now(),
): Promise<string[]> {
  const rows = fields.map((field, i) => ({
    id: newId("task", fromMs + i),
    assetId: field.assetId ?? newId("asset"),
    taskType: field.taskType ?? "thumbhash",
    status: field.status ?? "success",
    celeryTaskId: field.celeryTaskId ?? crypto.randomUUID(),
    result: field.result ?? null,
    errorMessage: field.errorMessage ?? null,
    dueAt: field.dueAt ?? fromMs,
    createdAt: fromMs + i,
  }));
  await env.DB.prepare(
    `INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, celery_task_id, status, result, error_message, due_at, created_at)
     SELECT r.value ->> 'id', ?1, ?2, r.value ->> 'assetId', r.value ->> 'taskType', r.value ->> 'celeryTaskId',
       r.value ->> 'status', r.value ->> 'result', r.value ->> 'errorMessage', r.value ->> 'dueAt', r.value ->> 'createdAt'
     FROM json_each(?3) r`,
  )
    .bind(owner.libraryId, owner.userId, JSON.stringify(rows))
    .run();
  return rows.map((row) => row.id);
}
