/** The change feed's events and the deferred tasks. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { isTimeIndexed } from "../events/timeIndex.ts";

export const events = sqliteTable(
  "events",
  {
    /** The feed's order. AUTOINCREMENT never reuses a number, even after the newest row is deleted. */
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    libraryId: text("library_id").notNull(),
    eventType: text("event_type").notNull(),
    entityType: text("entity_type").notNull(),
    entityId: text("entity_id").notNull(),
    payload: text("payload", { mode: "json" }),
    createdAt: integer("created_at").notNull(),
    /** The credential that made the change: an API key's id or `root`. Null for the service's own work. */
    actor: text("actor"),
  },
  (t) => [
    index("events_by_type").on(t.libraryId, t.entityType, t.seq),
    /** `created_at` is monotonic in `seq` over all libraries: records/events. */
    index("events_by_time").on(t.createdAt, t.seq).where(isTimeIndexed()),
  ],
);

/** The contract's names of task types. */
export const taskTypes = [
  "image_quality",
  "embedding",
  "face_detection",
  "face_clustering",
  "asset_description",
  "asset_storage_cleanup",
  "asset_version_storage_cleanup",
  "reverse_geocoding",
  "video_thumbnail_extract",
  "video_metadata_extract",
  "thumbhash",
  "display_proxy_generation",
  "burst_detection",
  "product_update_subscription",
] as const;

export const tasks = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    assetId: text("asset_id"),
    taskType: text("task_type", { enum: taskTypes }).notNull(),
    /** A second id of the task, required by the contract. */
    celeryTaskId: text("celery_task_id").notNull(),
    status: text("status", { enum: ["pending", "started", "success", "failure"] }).notNull(),
    result: text("result"),
    errorMessage: text("error_message"),
    retryCount: integer("retry_count").notNull().default(0),
    /** When a pending task may run, or when the claim on a started one expires; the sweep enqueues overdue tasks. */
    dueAt: integer("due_at").notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    completedAt: integer("completed_at"),
  },
  (t) => [
    uniqueIndex("tasks_by_asset").on(t.assetId, t.taskType),
    index("tasks_by_library").on(t.libraryId, t.id),
    index("tasks_by_status").on(t.libraryId, t.status, t.taskType, t.id),
    index("tasks_by_celery_task_id").on(t.celeryTaskId),
    index("tasks_due")
      .on(t.dueAt)
      .where(sql`"status" IN ('pending', 'started')`),
  ],
);
