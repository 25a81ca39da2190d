/** Counts what a scheduled run calls. */
import { env } from "cloudflare:workers";
import { instrumentedBucket } from "./bucket.ts";
import { runSchedule } from "./consumer.ts";
import { countingD1 } from "./d1.ts";
import { recordingQueue } from "./queue.ts";

export interface ScheduleCalls {
  /** Round trips to both databases. */
  trips: number;
  /** Statements of these, each of a batch counted. */
  statements: number;
  r2: number;
  /** Queue messages. */
  sent: number;
}

export async function countScheduleCalls(): Promise<ScheduleCalls> {
  const bucket = instrumentedBucket();
  const [database, search] = [countingD1(env.DB), countingD1(env.SEARCH_DB)];
  const queue = recordingQueue();
  await runSchedule({
    BUCKET: bucket.binding,
    DB: database.binding,
    SEARCH_DB: search.binding,
    QUEUE: queue.binding,
  });
  return {
    trips: database.counts.roundTrips + search.counts.roundTrips,
    statements: database.counts.statements.length + search.counts.statements.length,
    r2: bucket.calls.length,
    sent: queue.sent.length,
  };
}
