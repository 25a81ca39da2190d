/** Tasks: what is being made of an asset after its upload, and how it went. Nothing here changes them. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/tasks/taskQueries.ts";
import { newRouter } from "../router.ts";
import { failures, idSchema, ok, security } from "../fieldSchemas.ts";
import { taskNameSchema, taskQuerySchema, taskSchema, type TaskBody } from "./schemas.ts";

const shared = { tags: ["Tasks"], security };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks",
  summary: "List tasks, newest first",
  description: "Without `library_id`: those of every library the credential reaches.",
  middleware: [allows("read")] as const,
  request: { query: taskQuerySchema },
  responses: { 200: ok(z.array(taskSchema), "The newest tasks"), ...failures(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks/{task_id}",
  summary: "Get a task by either of its ids",
  middleware: [allows("read")] as const,
  request: { params: z.object({ task_id: taskNameSchema }) },
  responses: { 200: ok(taskSchema, "The task"), ...failures(404) },
});

const ofAsset = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks/asset/{asset_id}",
  summary: "List an asset's tasks, newest first",
  middleware: [allows("read")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }) },
  responses: { 200: ok(z.array(taskSchema), "All of them"), ...failures(404) },
});

function instant(atMs: number | null): string | null {
  return atMs === null ? null : formatInstant(atMs);
}

function shape(task: operations.Task): TaskBody {
  return {
    id: task.id,
    asset_id: task.assetId,
    task_type: task.taskType,
    celery_task_id: task.deliveryId,
    status: task.status,
    result: task.result,
    error_message: task.errorMessage,
    retry_count: task.retryCount,
    created_at: formatInstant(task.createdAt),
    started_at: instant(task.startedAt),
    completed_at: instant(task.completedAt),
  };
}

export const tasks = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const found = await operations.listTasks(c.var.db, c.var.principal, {
      libraryId: query.library_id ?? null,
      status: query.status ?? null,
      taskType: query.task_type ?? null,
      limit: query.limit,
    });
    return c.json(found.map(shape), 200);
  })
  .openapi(ofAsset, async (c) => {
    const found = await operations.listTasksOfAsset(c.var.db, c.var.principal, c.req.valid("param").asset_id);
    return c.json(found.map(shape), 200);
  })
  .openapi(get, async (c) => {
    return c.json(shape(await operations.getTask(c.var.db, c.var.principal, c.req.valid("param").task_id)), 200);
  });
