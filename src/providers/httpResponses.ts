/** Reads responses of configured third-party servers with bounded memory. */

const MAX_RETRY_AFTER_SECONDS = 3600;

/**
 * Reads a response body as text. Returns null if it exceeds `maxCharacters`; the remaining body is cancelled.
 * Throws if the connection breaks.
 */
export async function readTextLimited(response: Response, maxCharacters: number): Promise<string | null> {
  if (response.body === null) return "";
  let text = "";
  // Leaving the loop early cancels the body.
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.length > maxCharacters) return null;
  }
  return text;
}

/** Parses JSON; null if the text is malformed. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** True for statuses that a later attempt can change: 408, 425, 429 and 5xx (RFC 9110, RFC 8470, RFC 6585). */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The seconds of a Retry-After header, at most an hour; empty if it is missing or a date (RFC 9110 §10.2.3). */
export function retryAfterOf(header: string | null): { retryAfterSeconds?: number } {
  const seconds = Math.ceil(Number(header ?? Number.NaN));
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) } : {};
}
