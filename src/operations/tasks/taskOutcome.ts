/** What a task works with, and how it can end. */
import type { Describer } from "../../providers/describers/describer.ts";
import type { PlaceFinder } from "../../providers/places/placeFinder.ts";
import type { Database } from "../../records/database.ts";

/** What rings: a queue, or anything that takes a message. */
export type Bell = Pick<Queue, "send">;

export interface WorkDeps {
  db: Database;
  bucket: R2Bucket;
  queue: Bell;
  images: ImagesBinding;
  /** Takes frames of videos; only production has it. */
  media?: MediaBinding | undefined;
  describer?: Describer | null;
  places?: PlaceFinder | null;
  nowMs: number;
}

/** Done, needless here, impossible for a reason that will not change, or worth trying again. */
export type Outcome =
  | { kind: "done"; result: string | null }
  | { kind: "skipped"; reason: string }
  | { kind: "impossible"; reason: string }
  | { kind: "again"; reason: string; retryAfterSeconds?: number };
