/** Result of a task handler. `failed` is permanent; `retry` is repeated with backoff. */
export type TaskOutcome =
  | { kind: "done"; result: string | null }
  | { kind: "skipped"; reason: string }
  | { kind: "failed"; reason: string }
  | { kind: "retry"; reason: string; retryAfterSeconds?: number };
