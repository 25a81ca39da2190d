import { z } from "zod";
import type { Description } from "./describer.ts";
import { parseJsonOrNull } from "../httpResponses.ts";

const MAX_REASON_CHARACTERS = 300;

/** Content filter codes of Azure and OpenAI. */
const CONTENT_FILTER = /content_filter|content_policy|ResponsibleAIPolicyViolation|safety system/i;
/** Decoding errors. "does not support images" concerns the model, so it is a configuration error. */
const INVALID_IMAGE =
  /(?:invalid|corrupt(?:ed)?|unsupported|cannot identify|failed to (?:decode|load|process|parse))\b[^.]{0,40}\bimage|\bimage\b[^.]{0,40}\b(?:invalid|corrupt(?:ed)?|too (?:large|big|small))/i;

/** The error formats of OpenAI; Ollama and LM Studio; older vLLM; FastAPI. */
const errorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform((body) => body.error.message),
  z.object({ error: z.string() }).transform((body) => body.error),
  z.object({ message: z.string() }).transform((body) => body.message),
  z.object({ detail: z.string() }).transform((body) => body.detail),
]);

/** Clients read task reasons, and some servers repeat the rejected key. */
function redactedExcerpt(message: string, apiKey: string | null): string {
  const text = apiKey === null ? message : message.replaceAll(apiKey, "[key]");
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_REASON_CHARACTERS);
}

/** Classifies a 3xx or 4xx of a chat completions endpoint as declined, unreadable image or configuration error. */
export function classifyHttpError(status: number, body: string, apiKey: string | null): Description {
  const message = errorBody.safeParse(parseJsonOrNull(body)).data ?? body;
  const reason = `the describer responded with ${status}: ${redactedExcerpt(message, apiKey)}`;
  if (status === 413 || status === 415) return { kind: "unreadable", reason };
  if (status === 400 || status === 422) {
    if (CONTENT_FILTER.test(body)) return { kind: "declined" };
    if (INVALID_IMAGE.test(message)) return { kind: "unreadable", reason };
  }
  return { kind: "misconfigured", reason };
}
