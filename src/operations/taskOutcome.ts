/** What a task works with, and how it can end. */
import type { Database } from "../records/database.ts";

/** What rings: a queue, or anything that takes a message. */
export type Bell = Pick<Queue, "send">;

export interface WorkDeps {
  db: Database;
  bucket: R2Bucket;
  queue: Bell;
  images: ImagesBinding;
  nowMs: number;
}

/** Done, impossible for a reason that will not change, or worth trying again. */
export type Outcome =
  | { kind: "done"; result: string | null }
  | { kind: "impossible"; reason: string }
  | { kind: "again"; reason: string };
