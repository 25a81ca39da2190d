/** Feedback about the service: anyone sends it, the owner of the deployment reads it. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/feedback/feedback.ts";
import { newRouter } from "../router.ts";
import { credentialSecurity, errorResponses, jsonBody, jsonResponse } from "../fieldSchemas.ts";
import {
  feedbackPageSchema,
  feedbackQuerySchema,
  feedbackResultSchema,
  submitFeedbackSchema,
  type FeedbackBody,
} from "./schemas.ts";

const shared = { tags: ["Feedback"], security: credentialSecurity, path: "/api/feedback" as const };

const submit = createRoute({
  ...shared,
  method: "post",
  operationId: "feedback_submit",
  summary: "Send feedback to the owner of the deployment",
  description: `It is stored here and sent nowhere. The newest ${operations.MAX_FEEDBACK_PER_USER} reports of each user are kept. Leave out credentials, photos, names and places.`,
  middleware: [requireAction("write")] as const,
  request: { body: jsonBody(submitFeedbackSchema) },
  responses: { 200: jsonResponse(feedbackResultSchema, "Stored"), ...errorResponses(413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  operationId: "feedback_list",
  summary: "List feedback, newest first",
  description:
    "The reports of all users. Tintype extension; not part of the Gumnut API. Requires the owner of the deployment: the owner's key or session.",
  middleware: [requireAction("read")] as const,
  request: { query: feedbackQuerySchema },
  responses: { 200: jsonResponse(feedbackPageSchema, "A page of reports"), ...errorResponses() },
});

function serializeFeedback(report: operations.Feedback): FeedbackBody {
  return {
    id: report.id,
    user_id: report.userId,
    actor: report.credentialId,
    feedback_type: report.feedbackType,
    message: report.message,
    task_completed: report.taskCompleted,
    tool_names: report.toolNames,
    created_at: formatInstant(report.createdAt),
  };
}

export const feedback = newRouter()
  .openapi(submit, async (c) => {
    const body = c.req.valid("json");
    const sender = { userId: c.var.principal.userId, credentialId: c.var.credentialId };
    await operations.submitFeedback(c.var.context, sender, {
      feedbackType: body.feedback_type,
      message: body.message,
      taskCompleted: body.task_completed ?? null,
      toolNames: body.tool_names ?? [],
    });
    return c.json({ status: "submitted" as const }, 200);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const window = { startingAfterId: query.starting_after_id ?? null, limit: query.limit };
    const { reports, hasMore } = await operations.listFeedback(c.var.context, c.var.principal, window);
    return c.json({ data: reports.map(serializeFeedback), has_more: hasMore }, 200);
  });
