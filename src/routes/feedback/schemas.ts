import { z } from "@hono/zod-openapi";
import { MAX_CAPTION_BYTES } from "../../kernel/textLimits.ts";
import { feedbackTypes } from "../../operations/feedback/feedback.ts";
import {
  arraySchema,
  idFieldSchema,
  instantFieldSchema,
  limitSchema,
  nameSchema,
  startingAfterSchema,
} from "../fieldSchemas.ts";

/** Tool names of one report. */
export const MAX_TOOL_NAMES = 50;
/** Longest tool name. */
export const MAX_TOOL_NAME_BYTES = 256;

const feedbackType = z.enum(feedbackTypes);

export const submitFeedbackSchema = z
  .object({
    feedback_type: feedbackType.openapi({ example: "suggestion" }),
    message: nameSchema(MAX_CAPTION_BYTES).openapi({
      description: "The problem and the expected behaviour, without private content",
      example: "The album list has no search.",
    }),
    task_completed: z.boolean().nullish().openapi({ description: "Whether the task was completed; null if unknown" }),
    tool_names: arraySchema(nameSchema(MAX_TOOL_NAME_BYTES), 0, MAX_TOOL_NAMES)
      .nullish()
      .openapi({ description: "Tools that the report is about" }),
  })
  .openapi("SubmitFeedbackRequest");

export const feedbackResultSchema = z.object({ status: z.literal("submitted") }).openapi("FeedbackResult");

const feedbackSchema = z
  .object({
    id: idFieldSchema("feedback"),
    user_id: idFieldSchema("user"),
    actor: z.string().openapi({ description: "The API key or session that sent it, or `root`" }),
    feedback_type: feedbackType,
    message: z.string(),
    task_completed: z.boolean().nullable(),
    tool_names: z.array(z.string()),
    created_at: instantFieldSchema,
  })
  .openapi("Feedback");
export type FeedbackBody = z.input<typeof feedbackSchema>;

export const feedbackPageSchema = z
  .object({ data: z.array(feedbackSchema), has_more: z.boolean() })
  .openapi("FeedbackPage");

export const feedbackQuerySchema = z.object({
  starting_after_id: startingAfterSchema("feedback"),
  limit: limitSchema(20, 200),
});
