/** Tasks as documented and as answered. */
import { z } from "@hono/zod-openapi";
import { idPrefixes, isId } from "../../kernel/ids.ts";
import { taskStatuses, taskTypes } from "../../operations/tasks/taskQueries.ts";
import { idSchema, limitSchema } from "../fieldSchemas.ts";

const text = z.string().nullable();
const status = z.enum(taskStatuses);
const taskType = z.enum(taskTypes);

export const taskSchema = z
  .object({
    id: z.string().openapi({ example: "btask_BM3nUmJ6fkBqBADyz5FEiu" }),
    asset_id: text.openapi({ description: "null: the work is a library's" }),
    task_type: taskType,
    celery_task_id: z.string().openapi({ description: "The delivery's id; a path takes it too" }),
    status: status.openapi({
      description: "Work that was not needed, or has no provider, is a success whose result begins with `skipped: `",
    }),
    result: text,
    error_message: text.openapi({ description: "The last failure; a later success leaves it" }),
    retry_count: z.int(),
    created_at: z.string(),
    started_at: text,
    completed_at: text,
  })
  .openapi("Task");
export type TaskBody = z.input<typeof taskSchema>;

export const taskQuerySchema = z.object({
  library_id: idSchema("library").optional(),
  status: status.optional(),
  task_type: taskType.optional(),
  limit: limitSchema(100, 1000),
});

const MAX_NAME_CHARACTERS = 255;

const prefixes = Object.values(idPrefixes);

/** Delivery ids have no form of their own; what begins like one of our ids must be a task's, and whole. */
export const taskNameSchema = z
  .string()
  .max(MAX_NAME_CHARACTERS)
  .refine((name) => isId("task", name) || !prefixes.some((prefix) => name.startsWith(prefix)), {
    error: "is no task id",
  })
  .openapi({ example: "btask_BM3nUmJ6fkBqBADyz5FEiu", description: "A task's id, or its `celery_task_id`" });
