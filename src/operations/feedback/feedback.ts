import * as records from "../../records/feedback/feedback.ts";
import { requireOwner, type AuthenticatedPrincipal, type Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";

export { feedbackTypes, type Feedback, type FeedbackType } from "../../records/feedback/feedback.ts";

/** Reports that are kept of one user; a further one replaces the oldest. */
export const MAX_FEEDBACK_PER_USER = 200;

export type FeedbackReport = Pick<records.NewFeedback, "feedbackType" | "message" | "taskCompleted" | "toolNames">;

/** Stores a report for the owner of the deployment. */
export async function submitFeedback(
  context: Context,
  sender: Pick<AuthenticatedPrincipal, "userId" | "credentialId">,
  report: FeedbackReport,
): Promise<void> {
  const { userId, credentialId } = sender;
  await records.insertFeedback(context.db, { ...report, userId, credentialId }, MAX_FEEDBACK_PER_USER, context.nowMs);
}

/**
 * Lists the reports of all users, newest first.
 *
 * @throws {AppError} `forbidden` unless the principal owns the deployment.
 */
export async function listFeedback(
  context: Context,
  principal: Principal,
  window: { startingAfterId: string | null; limit: number },
): Promise<{ reports: records.Feedback[]; hasMore: boolean }> {
  requireOwner(principal);
  return await records.listFeedback(context.db, window);
}
