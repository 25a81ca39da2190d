/**
 * Lets one image decoder run at a time in an isolate, whose 128 MB fit one: an original of 24 MB in memory, and 48 MB of
 * its decoder.
 */
import { waitingLine } from "../../../objects/uploads/waitingLine.ts";

/**
 * The next in line takes over after this time, because Workers skip the `finally` of a cancelled request. A conversion
 * takes up to 20 s of CPU.
 */
export const MAX_DECODER_HOLD_MS = 120_000;

interface Turn {
  startedMs: number;
}

let current: Turn | null = null;
const line = waitingLine();

/** Runs `decode` while no other decoder of the isolate runs. A decoder must not wait for another turn. */
export async function withDecoder<T>(decode: () => Promise<T>): Promise<T> {
  const turn: Turn = { startedMs: 0 };
  await line.wait(() => {
    const nowMs = Date.now();
    if (current !== null && nowMs - current.startedMs <= MAX_DECODER_HOLD_MS) return false;
    turn.startedMs = nowMs;
    current = turn;
    return true;
  });
  try {
    return await decode();
  } finally {
    if (current === turn) current = null;
  }
}
