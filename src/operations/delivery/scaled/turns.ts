/** Lets work take turns within a bound that it shares, first come, first served. */
import { waitingLine } from "../../../objects/uploads/waitingLine.ts";

interface Turn {
  size: number;
  startedMs: number;
}

export interface Turns {
  /**
   * Waits until the turns before leave room for `size`. Returns a function that ends the turn, and says whether it was
   * still held: after `maxHoldMs` another may have taken it.
   */
  take(size: number): Promise<() => boolean>;
}

/**
 * Sizes of turns at the same time add up to at most `max`; a larger one runs alone. A turn counts no longer than
 * `maxHoldMs`, because Workers skip the `finally` of a cancelled request.
 */
export function turns(max: number, maxHoldMs: number): Turns {
  const held = new Set<Turn>();
  const line = waitingLine();

  function hasRoom(size: number): boolean {
    const nowMs = Date.now();
    for (const turn of held) if (nowMs - turn.startedMs > maxHoldMs) held.delete(turn);
    const used = [...held].reduce((sum, turn) => sum + turn.size, 0);
    return used === 0 || used + size <= max;
  }

  return {
    take: async (size) => {
      const turn: Turn = { size, startedMs: 0 };
      await line.wait(() => {
        if (!hasRoom(size)) return false;
        turn.startedMs = Date.now();
        held.add(turn);
        return true;
      });
      return () => held.delete(turn);
    },
  };
}
