import { AppError } from "../../kernel/errors.ts";
import { isTransientStatus, parseJsonOrNull, readTextLimited, retryAfterOf } from "../httpResponses.ts";

/** Models on a CPU take seconds; a cold one takes a minute to load. */
export const DEFAULT_EMBEDDER_TIMEOUT_MS = 60_000;
/** 4,096 numbers of 20 characters take 80 KiB. */
export const MAX_EMBEDDER_RESPONSE_CHARACTERS = 1024 * 1024;
const MAX_REASON_CHARACTERS = 300;

export interface EmbedderRequest {
  url: string;
  headers: Record<string, string>;
  body: BodyInit;
  /** Removed from reasons, which clients read. */
  apiKey: string | null;
  timeoutMs: number;
}

/** The parsed JSON of a successful answer, or the reason of a refusal. */
export type EmbedderAnswer = { kind: "json"; json: unknown } | { kind: "refused"; reason: string };

interface RawAnswer {
  status: number;
  retryAfter: string | null;
  /** Null if the body exceeds MAX_EMBEDDER_RESPONSE_CHARACTERS. */
  body: string | null;
}

async function send({ url, headers, body, timeoutMs }: EmbedderRequest): Promise<RawAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // A redirect could send texts, images and the key to another host than the configured one.
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    const text = await readTextLimited(response, MAX_EMBEDDER_RESPONSE_CHARACTERS);
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: text };
  } catch (error) {
    if (signal.aborted) throw new Error(`the embedder timed out after ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(`the embedder could not be reached: ${String(error)}`, { cause: error });
  }
}

function excerpt(body: string, apiKey: string | null): string {
  const text = apiKey === null ? body : body.replaceAll(apiKey, "[key]");
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_REASON_CHARACTERS);
}

/**
 * Sends a request to an embedder. Time and size of its answer are limited.
 *
 * @throws {AppError} `rate_limited` for 429. {Error} for a timeout, a broken connection, 5xx, and an answer that is too
 * large or no JSON.
 */
export async function requestEmbedding(request: EmbedderRequest): Promise<EmbedderAnswer> {
  const { status, retryAfter, body } = await send(request);
  if (status === 429) {
    throw new AppError("rate_limited", "the embedder responded with 429: too many requests", retryAfterOf(retryAfter));
  }
  if (isTransientStatus(status)) throw new Error(`the embedder responded with ${status}`);
  if (status < 200 || status >= 300) {
    return {
      kind: "refused",
      reason: `the embedder responded with ${status}: ${excerpt(body ?? "", request.apiKey)}`,
    };
  }
  if (body === null) throw new Error(`the embedder's answer exceeds ${MAX_EMBEDDER_RESPONSE_CHARACTERS} characters`);
  const json = parseJsonOrNull(body);
  if (json === null) throw new Error("the embedder's answer is no JSON");
  return { kind: "json", json };
}
