/** Counts the operations of requests and of the queue messages that they send, on instrumented bindings. */
import { env } from "cloudflare:workers";
import { deliver } from "../../test/support/bindings/consumer.ts";
import { instrumentedBucket } from "../../test/support/bindings/bucket.ts";
import { countingD1 } from "../../test/support/bindings/d1.ts";
import { countingImages } from "../../test/support/bindings/images.ts";
import { recordingQueue } from "../../test/support/bindings/queue.ts";
import type { CountedStep } from "./countedStep.ts";

/** R2's billing classes; delete and abort are free. */
const CLASS_A = new Set(["put", "list", "createMultipartUpload", "uploadPart", "complete"]);
const CLASS_B = new Set(["get", "head"]);

/** A message may send others. More deliveries than this mean that one is retried forever. */
const MAX_DELIVERIES = 20;

type Bindings = Partial<Cloudflare.Env>;

export interface StepResult {
  counted: CountedStep;
  /** Messages that the step sent, and that which starts the indexing for the search. */
  sent: unknown[];
  indexing: unknown[];
}

function countingAssets(): { assets: Fetcher; files: () => number } {
  let files = 0;
  const fetch: Fetcher["fetch"] = async (input, init) => {
    files += 1;
    return await env.ASSETS.fetch(input, init);
  };
  return { assets: { fetch, connect: env.ASSETS.connect.bind(env.ASSETS) }, files: () => files };
}

/** `work` gets the instrumented bindings and the list of messages sent so far, and returns its number of requests. */
export async function countStep(
  subject: string,
  step: string,
  settings: Bindings,
  work: (bindings: Bindings, sent: unknown[]) => Promise<number>,
): Promise<StepResult> {
  const database = countingD1(env.DB);
  const bucket = instrumentedBucket();
  const searchDatabase = countingD1(env.SEARCH_DB);
  const queue = recordingQueue();
  const { images, renders } = countingImages();
  const { assets, files } = countingAssets();
  const instrumented = {
    ...settings,
    DB: database.binding,
    SEARCH_DB: searchDatabase.binding,
    BUCKET: bucket.binding,
    QUEUE: queue.binding,
    IMAGES: images,
    ASSETS: assets,
  };
  const requests = await work(instrumented, queue.sent);
  const both = [database.counts, searchDatabase.counts];
  const sum = (name: "roundTrips" | "rowsRead" | "rowsWritten"): number =>
    both.reduce((total, counts) => total + counts[name], 0);
  const counts = {
    requests,
    roundTrips: sum("roundTrips"),
    rowsRead: sum("rowsRead"),
    rowsWritten: sum("rowsWritten"),
    classA: bucket.calls.filter((name) => CLASS_A.has(name)).length,
    classB: bucket.calls.filter((name) => CLASS_B.has(name)).length,
    queueMessages: queue.sent.length + queue.indexing.length,
    renderings: renders(),
    placeFiles: files(),
  };
  return { counted: { subject, step, counts }, sent: queue.sent, indexing: queue.indexing };
}

/**
 * Delivers messages, then those that `sent` collects meanwhile, until none is left. Returns the number of deliveries,
 * each of which runs the Worker.
 */
export async function deliverAll(first: unknown[], sent: unknown[], bindings: Bindings): Promise<number> {
  let bodies = [...first];
  let seen = sent.length;
  for (let deliveries = 0; deliveries <= MAX_DELIVERIES; deliveries += 1) {
    if (bodies.length === 0) return deliveries;
    await deliver(bodies, { env: bindings });
    bodies = sent.slice(seen);
    seen = sent.length;
  }
  throw new Error("the queue did not become empty");
}
