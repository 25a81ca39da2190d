/**
 * A first-come-first-served line of requests of one isolate. Each waiter polls with its own timer, because a promise
 * that another request resolves doesn't keep a request alive, and because polling detects cancelled requests.
 */

/** Waiters are dropped this long after their last poll; one that was only delayed queues again. */
const WAITER_LIFETIME_MS = 2000;
const POLL_MS = 10;
const MAX_POLL_MS = 100;

interface Waiter {
  seenMs: number;
}

export interface WaitingLine {
  /** Waits until the caller is first in line and `attempt` returns true. `attempt` must take what it found at once. */
  wait(attempt: () => boolean): Promise<void>;
  hasWaiters(): boolean;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function waitingLine(): WaitingLine {
  let waiters: Waiter[] = [];

  /** Returns the waiter's place in line; 0 is the first. */
  function place(waiter: Waiter): number {
    const nowMs = Date.now();
    waiter.seenMs = nowMs;
    if (!waiters.includes(waiter)) waiters.push(waiter);
    waiters = waiters.filter((each) => nowMs - each.seenMs <= WAITER_LIFETIME_MS);
    return waiters.indexOf(waiter);
  }

  return {
    wait: async (attempt) => {
      const waiter = { seenMs: Date.now() };
      while (place(waiter) > 0 || !attempt()) {
        await sleep(Math.min(POLL_MS * (waiters.indexOf(waiter) + 1), MAX_POLL_MS));
      }
      waiters = waiters.filter((each) => each !== waiter);
    },
    hasWaiters: () => waiters.length > 0,
  };
}
