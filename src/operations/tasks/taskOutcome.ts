import { AppError } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { DerivedMetadata } from "../../records/assets/metadata/metadata.ts";

/**
 * Values that a task derived from the asset that it was given. The runner stores them, unless the asset got another
 * version, poster or position meanwhile. Absent fields are unchanged.
 */
export interface AssetChange {
  thumbhash?: string;
  /** A model's caption; empty if the model declined. */
  description?: string;
  /** Merged with the asset's metrics by key. */
  metrics?: Asset["metrics"];
  /** The place of the asset's coordinates. Replaces the place that is stored. */
  place?: Partial<DerivedMetadata>;
}

/** Result of a task handler. `failed` is permanent; `retry` is repeated with backoff. */
export type TaskOutcome =
  | {
      kind: "done";
      result: string | null;
      change?: AssetChange;
      /** Code that clients read: the task's `outcome`. */
      code?: string;
      /** The task made others of the asset pending, which the same consumer runs. */
      reopensTasks?: boolean;
    }
  | { kind: "skipped"; reason: string; code?: string }
  | { kind: "failed"; reason: string; change?: AssetChange }
  | { kind: "retry"; reason: string; retryAfterSeconds?: number; change?: AssetChange };

/** Replaces database errors, whose text contains SQL and bound values, because clients read the reason. */
function failureReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^Failed query|D1_ERROR/.test(text) ? "database error" : text;
}

/** The outcome of a task that threw `error`. */
export function retryOutcome(error: unknown): TaskOutcome & { kind: "retry" } {
  const retryAfterSeconds = error instanceof AppError ? error.retryAfterSeconds : undefined;
  return { kind: "retry", reason: failureReason(error), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}
