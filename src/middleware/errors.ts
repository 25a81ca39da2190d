/** Maps errors to statuses and to the error body of the API. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { hasBody } from "../http/bodyReader.ts";
import { AppError, missingBody, type ErrorCode } from "../kernel/errors.ts";
import * as log from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const statuses = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  write_conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  validation_error: 422,
  rate_limited: 429,
  storage_unavailable: 502,
  database_unavailable: 503,
  rendering_unavailable: 503,
  embedding_unavailable: 503,
  not_configured: 503,
  storage_limit_exceeded: 507,
} as const satisfies Record<ErrorCode, ContentfulStatusCode>;

/** SDKs retry 409 and 5xx automatically. Retries of these codes always fail, unlike retries of `write_conflict`. */
const nonRetryable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "storage_limit_exceeded",
  "conflict",
  "not_configured",
]);

function errorResponse(c: Context<AppEnv>, error: AppError): Response {
  if (error.retryAfterSeconds !== undefined) c.header("Retry-After", String(error.retryAfterSeconds));
  if (nonRetryable.has(error.code)) c.header("x-should-retry", "false");
  if (error.code === "unauthorized") c.header("WWW-Authenticate", "Bearer");
  c.header("Cache-Control", "no-store");
  const body = { detail: error.issues ?? error.message, message: error.message, error: error.code };
  return c.json(body, statuses[error.code]);
}

/** D1's messages for transient conditions: a restart, an overload, a lost connection. */
const TRANSIENT_D1_ERROR =
  /D1_ERROR.*(network connection lost|reset|overloaded|timed out|exceeded timeout|internal error)/i;

function toAppError(error: Error, request: Request): AppError | null {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) {
    // Hono parses the body of every request with a JSON Content-Type, so an empty one is malformed to it.
    if (error.status === 400 && !hasBody(request)) return missingBody();
    if (error.status === 413) return new AppError("payload_too_large", "request body is too large");
    if (error.status === 415) return new AppError("unsupported_media_type", "unsupported Content-Type");
    return new AppError("bad_request", error.message === "" ? "malformed request" : error.message);
  }
  const cause = error.cause instanceof Error ? error.cause.message : "";
  if (TRANSIENT_D1_ERROR.test(`${error.message} ${cause}`)) {
    return new AppError("database_unavailable", "the database is unavailable; try again", {
      retryAfterSeconds: 2,
      cause: error,
    });
  }
  return null;
}

/** Removes the query parameters that Drizzle appends to errors: file names, captions, key hashes. */
function redactedStack(error: Error): string | undefined {
  return error.stack?.replace(/\nparams: [^]*?(?=\n {4}at |$)/, "");
}

function logFailure(c: Context<AppEnv>, error: Error): void {
  const cause = error.cause instanceof Error ? redactedStack(error.cause) : undefined;
  const request = { request_id: c.get("requestId"), path: c.req.path, actor: c.get("credentialId") };
  log.error("request failed", { ...request, error: redactedStack(error), cause });
}

/** Answers unknown errors with a constant text, and logs their stack with the request id. */
export function onError(error: Error, c: Context<AppEnv>): Response {
  const known = toAppError(error, c.req.raw);
  if (known !== null) {
    if (statuses[known.code] >= 500 && known.code !== "storage_limit_exceeded") logFailure(c, known);
    return errorResponse(c, known);
  }
  logFailure(c, error);
  c.header("Cache-Control", "no-store");
  const text = "internal error; include the X-Request-Id header in a report";
  return c.json({ detail: text, message: text, error: "internal_error" }, 500);
}

export function onNotFound(c: Context<AppEnv>): Response {
  return errorResponse(c, new AppError("not_found", `route not found: ${c.req.method} ${c.req.path}`));
}
