/** The change feed's events and the deferred tasks. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
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

/**
 * The contract's names of task types. New ones are appended, up to 16: the position of a type is part of the ids of its
 * tasks and of `asset_tasks.states`.
 */
export const taskTypes = [
  "quality_scoring",
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
  "person_metrics_refresh",
] as const;

/** Former names of task types, under which rows keep their tasks. The API still accepts them as a filter. */
export const FORMER_TASK_TYPES = { image_quality: "quality_scoring" } as const satisfies Record<
  string,
  (typeof taskTypes)[number]
>;

/** One row with all tasks of an asset: records/tasks. */
export const assetTasks = sqliteTable(
  "asset_tasks",
  {
    assetId: text("asset_id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    /** The tasks by type. */
    tasks: text("tasks", { mode: "json" }).notNull(),
    /** The status of every task as one number: records/tasks/taskStates.ts. */
    states: integer("states").notNull(),
    /** When the newest of the tasks was created. */
    newestAt: integer("newest_at").notNull(),
    /** When the first pending task may run, which the sweep postpones; null when all tasks are finished. */
    dueAt: integer("due_at"),
    /** The claim of a consumer on the tasks that were due at `claimed_at`; null when no consumer runs them. */
    claimedAt: integer("claimed_at"),
    claimedUntil: integer("claimed_until"),
    /** The only claimed task after a consumer stopped; null for all. */
    claimedType: text("claimed_type", { enum: taskTypes }),
    /** Another number after each change of the tasks or of the claim. */
    revision: integer("revision").notNull(),
  },
  (t) => [
    index("asset_tasks_by_states").on(t.libraryId, t.states, t.newestAt),
    index("asset_tasks_due")
      .on(t.dueAt)
      .where(sql`"due_at" IS NOT NULL`),
  ],
);
