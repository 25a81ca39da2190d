import { z } from "@hono/zod-openapi";
import { ID_PREFIXES, isId } from "../../kernel/ids.ts";
import { FORMER_TASK_TYPES, taskStatuses, taskTypes } from "../../operations/tasks/taskQueries.ts";
import { idFieldSchema, idSchema, instantFieldSchema, limitSchema } from "../fieldSchemas.ts";

const text = z.string().nullable();
const status = z.enum(taskStatuses);

export const taskSchema = z
  .object({
    id: idFieldSchema("task"),
    asset_id: idFieldSchema("asset").nullable().openapi({ description: "null for a task of the whole library" }),
    task_type: z.enum([...taskTypes, "image_quality"]).openapi({
      description: "`image_quality` instead of `quality_scoring` is answered only to official Python SDKs before 0.178",
    }),
    celery_task_id: z.string().openapi({ description: "A second id of the task; also accepted as `task_id` in paths" }),
    status: status.openapi({
      description:
        "All pending tasks of an asset are `started` while a consumer runs them. A task that was not needed, or whose provider is not configured, succeeds with a `result` starting with `skipped: `",
    }),
    result: text,
    outcome: text.openapi({
      description: "Code of the outcome of a successful task, for types that have one; treat unknown codes as none",
    }),
    error_message: text.openapi({ description: "Message of the last failure; kept after a later success" }),
    retry_count: z.int(),
    created_at: instantFieldSchema,
    started_at: instantFieldSchema.nullable(),
    completed_at: instantFieldSchema.nullable(),
  })
  .openapi("Task");
export type TaskBody = z.input<typeof taskSchema>;

export const taskQuerySchema = z.object({
  library_id: idSchema("library").optional().openapi({ description: "Tasks of this library only" }),
  status: status.optional().openapi({ description: "Tasks with this status" }),
  task_type: z
    .enum([...taskTypes, "image_quality"])
    .transform((type) => (type === "image_quality" ? FORMER_TASK_TYPES[type] : type))
    .optional()
    .openapi({
      type: "string",
      enum: [...taskTypes, "image_quality"],
      description: "Tasks of this type. `image_quality` is the former name of `quality_scoring`.",
    }),
  limit: limitSchema(100, 1000),
});

export const MAX_TASK_ID_CHARACTERS = 255;

const prefixes = Object.values(ID_PREFIXES);

/**
 * Accepts a task id or a delivery id. Delivery ids are free-form, but ids with another entity's prefix are rejected.
 */
export const taskIdSchema = z
  .string()
  .max(MAX_TASK_ID_CHARACTERS)
  .refine((id) => isId("task", id) || !prefixes.some((prefix) => id.startsWith(prefix)), {
    error: "must be a task id or a celery_task_id",
  })
  .openapi({ description: "Task id or `celery_task_id`" });
