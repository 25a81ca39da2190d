/** What a 3xx or 4xx of a chat endpoint means: the model's no, a picture it can't take, or a setting. Decides nothing about retries. */
import { z } from "zod";
import type { Description } from "./describer.ts";

const MAX_REASON = 300;

/** Azure's and OpenAI's codes for a picture that their filter stopped. */
const FILTERED = /content_filter|content_policy|ResponsibleAIPolicyViolation|safety system/i;
/** What servers say of bytes they can't decode; "does not support images" is about the model and is a setting. */
const BAD_PICTURE =
  /(?:invalid|corrupt(?:ed)?|unsupported|cannot identify|failed to (?:decode|load|process|parse))\b[^.]{0,40}\bimage|\bimage\b[^.]{0,40}\b(?:invalid|corrupt(?:ed)?|too (?:large|big|small))/i;

/** OpenAI's form, Ollama's and LM Studio's, vLLM's older one, FastAPI's. */
const errorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform((body) => body.error.message),
  z.object({ error: z.string() }).transform((body) => body.error),
  z.object({ message: z.string() }).transform((body) => body.message),
  z.object({ detail: z.string() }).transform((body) => body.detail),
]);

/** What the server says in its body, else the body. */
function messageOf(body: string): string {
  try {
    return errorBody.safeParse(JSON.parse(body)).data ?? body;
  } catch {
    return body;
  }
}

/** Task reasons are shown to clients, and some servers repeat the key they refuse. */
function excerptOf(message: string, apiKey: string | null): string {
  const text = apiKey === null ? message : message.replaceAll(apiKey, "[key]");
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_REASON);
}

export function refusalOf(status: number, body: string, apiKey: string | null): Description {
  const message = messageOf(body);
  const reason = `the describer answered ${status}: ${excerptOf(message, apiKey)}`;
  if (status === 413 || status === 415) return { kind: "unreadable", reason };
  if (status === 400 || status === 422) {
    if (FILTERED.test(body)) return { kind: "declined" };
    if (BAD_PICTURE.test(message)) return { kind: "unreadable", reason };
  }
  return { kind: "misconfigured", reason };
}
