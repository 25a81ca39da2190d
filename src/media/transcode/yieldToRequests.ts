/**
 * Decoded bytes between two pauses, some tens of milliseconds of CPU. Workers stop the clock during computation, so work
 * is counted instead of time.
 */
const YIELD_INTERVAL_BYTES = 2 * 1024 * 1024;

let pendingBytes = 0;

/** Lets other requests of the isolate run while a long conversion continues. Call it after each step of `bytes`. */
export async function yieldToRequests(bytes: number): Promise<void> {
  pendingBytes += bytes;
  if (pendingBytes < YIELD_INTERVAL_BYTES) return;
  pendingBytes = 0;
  await new Promise((resolve) => setTimeout(resolve, 0));
}
