/** Reports of users and their tools about the service. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const feedbackTypes = ["bug", "missing_capability", "confusing_behavior", "suggestion", "other"] as const;

export const feedback = sqliteTable(
  "feedback",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    /** The API key or session that sent it, or `root`. */
    credentialId: text("credential_id").notNull(),
    feedbackType: text("feedback_type", { enum: feedbackTypes }).notNull(),
    message: text("message").notNull(),
    /** Whether the task was completed all the same; null if unknown. */
    taskCompleted: integer("task_completed", { mode: "boolean" }),
    toolNames: text("tool_names", { mode: "json" }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [index("feedback_by_user").on(t.userId, t.id)],
);
