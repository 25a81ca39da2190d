/** What can go wrong, by name. Knows no status number: middleware/errors maps codes to statuses. */

export type ErrorCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "write_conflict"
  | "payload_too_large"
  | "unsupported_media_type"
  | "range_not_satisfiable"
  | "validation_error"
  | "rate_limited"
  | "storage_unavailable"
  | "rendering_unavailable"
  | "database_unavailable"
  | "storage_limit_exceeded"
  | "not_configured";

/** One entry of a 422's `detail`, in the form FastAPI made common. */
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

/** An outcome the caller must hear of. `message` is shown to clients: it says what to mend. */
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

/** A 422 that names the one parameter at fault. */
export function invalid(loc: (string | number)[], msg: string, type = "value_error"): AppError {
  return new AppError("validation_error", `${loc.join(".")}: ${msg}`, {
    issues: [{ loc, msg, type }],
  });
}

export function notFound(noun: string): AppError {
  return new AppError("not_found", `${noun} not found`);
}
