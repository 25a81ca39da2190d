/** Status of the background tasks of assets, read-only. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant, formatNullableInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/tasks/taskQueries.ts";
import { newRouter } from "../router.ts";
import { errorResponses, idSchema, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { formerType, needsFormerTypes } from "./formerTypes.ts";
import { taskIdSchema, taskQuerySchema, taskSchema, type TaskBody } from "./schemas.ts";

const shared = { tags: ["Tasks"], security: credentialSecurity };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks",
  operationId: "tasks_list",
  summary: "List tasks, newest first",
  description: "Without `library_id`, tasks of all libraries in the credential's scope.",
  middleware: [requireAction("read")] as const,
  request: { query: taskQuerySchema },
  responses: { 200: jsonResponse(z.array(taskSchema), "The newest tasks"), ...errorResponses(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks/{task_id}",
  operationId: "tasks_get",
  summary: "Get a task by id or `celery_task_id`",
  description: "Clients store either id.",
  middleware: [requireAction("read")] as const,
  request: { params: z.object({ task_id: taskIdSchema }) },
  responses: { 200: jsonResponse(taskSchema, "The task"), ...errorResponses(404) },
});

const listByAsset = createRoute({
  ...shared,
  method: "get",
  path: "/api/tasks/asset/{asset_id}",
  operationId: "tasks_list_for_asset",
  summary: "List an asset's tasks, newest first",
  description: "An asset has at most one task of each type.",
  middleware: [requireAction("read")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }) },
  responses: { 200: jsonResponse(z.array(taskSchema), "All tasks of the asset"), ...errorResponses(404) },
});

function serializeTask(task: operations.Task, hasFormerType: boolean): TaskBody {
  return {
    id: task.id,
    asset_id: task.assetId,
    task_type: hasFormerType ? formerType(task.taskType) : task.taskType,
    celery_task_id: task.celeryTaskId,
    status: task.status,
    result: task.result,
    outcome: task.outcome,
    error_message: task.errorMessage,
    retry_count: task.retryCount,
    created_at: formatInstant(task.createdAt),
    started_at: formatNullableInstant(task.startedAt),
    completed_at: formatNullableInstant(task.completedAt),
  };
}

export const tasks = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const rows = await operations.listTasks(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      status: query.status ?? null,
      taskType: query.task_type ?? null,
      limit: query.limit,
    });
    const hasFormerTypes = needsFormerTypes(c.req);
    return c.json(
      rows.map((task) => serializeTask(task, hasFormerTypes)),
      200,
    );
  })
  .openapi(listByAsset, async (c) => {
    const rows = await operations.listAssetTasks(c.var.context, c.var.principal, c.req.valid("param").asset_id);
    const hasFormerTypes = needsFormerTypes(c.req);
    return c.json(
      rows.map((task) => serializeTask(task, hasFormerTypes)),
      200,
    );
  })
  .openapi(get, async (c) => {
    const task = await operations.getTask(c.var.context, c.var.principal, c.req.valid("param").task_id);
    return c.json(serializeTask(task, needsFormerTypes(c.req)), 200);
  });
