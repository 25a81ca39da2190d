/** The closed set of error codes. middleware/errors maps them to HTTP statuses. */

export type ErrorCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "write_conflict"
  | "payload_too_large"
  | "unsupported_media_type"
  | "range_not_satisfiable"
  | "validation_error"
  | "rate_limited"
  | "storage_unavailable"
  | "rendering_unavailable"
  | "embedding_unavailable"
  | "database_unavailable"
  | "storage_limit_exceeded"
  | "not_configured";

/** One entry of the `detail` of a 422 response, in the format of FastAPI. */
export interface Issue {
  loc: (string | number)[];
  msg: string;
  type: string;
}

export interface ErrorOptions {
  issues?: Issue[];
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error whose `message` is shown to clients: it states the problem and the fix. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.issues = options.issues;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Creates a `validation_error` for one parameter. */
export function invalid(loc: (string | number)[], msg: string, type = "value_error"): AppError {
  return new AppError("validation_error", `${loc.join(".")}: ${msg}`, {
    issues: [{ loc, msg, type }],
  });
}

/** The `validation_error` for a missing request body. */
export function missingBody(): AppError {
  return invalid(["body"], "is required", "missing");
}

export function notFound(noun: string): AppError {
  return new AppError("not_found", `${noun} not found`);
}
