/** Repeats changes that were planned from rows which others changed meanwhile. */
import { AppError } from "../kernel/errors.ts";

/** Attempts per request before a concurrent change becomes a `write_conflict`. */
const MAX_ATTEMPTS = 3;

/**
 * Repeats a read-plan-write attempt while it returns null, which means that the rows changed in between.
 *
 * @throws {AppError} `write_conflict` with the text of `conflict` after the last attempt.
 */
export async function withOptimisticRetry<T>(
  conflict: string,
  attempt: (isFirst: boolean) => Promise<T | null>,
): Promise<T> {
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    const result = await attempt(i === 0);
    if (result !== null) return result;
  }
  throw new AppError("write_conflict", conflict);
}
