/** Feedback about the service: the newest reports of each user. */
import { desc, lt, sql } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { feedback } from "../schema/schema.ts";

export { feedbackTypes } from "../schema/schema.ts";

type FeedbackRow = typeof feedback.$inferSelect;
export type FeedbackType = FeedbackRow["feedbackType"];

export interface Feedback extends FeedbackRow {
  toolNames: string[];
}

export type NewFeedback = Omit<Feedback, "id" | "createdAt">;

const toolNamesColumn = z.array(z.string());

/** Inserts a report and deletes the user's oldest ones beyond `maxPerUser`. */
export async function insertFeedback(
  db: Database,
  report: NewFeedback,
  maxPerUser: number,
  atMs: number,
): Promise<void> {
  await db.orm.batch([
    db.orm.insert(feedback).values({ id: newId("feedback", atMs), ...report, createdAt: atMs }),
    db.statement(sql`DELETE FROM feedback WHERE id IN (SELECT id FROM feedback INDEXED BY feedback_by_user
      WHERE user_id = ${report.userId} ORDER BY id DESC LIMIT -1 OFFSET ${maxPerUser})`),
  ]);
}

/** Lists reports of all users, newest first: ids sort by time. */
export async function listFeedback(
  db: Database,
  { startingAfterId, limit }: { startingAfterId: string | null; limit: number },
): Promise<{ reports: Feedback[]; hasMore: boolean }> {
  const rows = await db.orm
    .select()
    .from(feedback)
    .where(startingAfterId === null ? undefined : lt(feedback.id, startingAfterId))
    .orderBy(desc(feedback.id))
    .limit(limit + 1);
  const reports = rows.slice(0, limit).map((row) => ({ ...row, toolNames: toolNamesColumn.parse(row.toolNames) }));
  return { reports, hasMore: rows.length > limit };
}
