/** Computes duration and frame rate from MPEG presentation timestamps. */

const TICKS_PER_SECOND = 90_000;
/** PTS have 33 bits: they wrap around after 26.5 hours. */
const WRAP_TICKS = 2 ** 33;

/** Reads a 33-bit PTS from its five bytes at `at`. */
export function readTimestamp(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  return ((a >> 1) & 7) * 2 ** 30 + ((b << 22) | ((c >> 1) << 15) | (d << 7) | (e >> 1));
}

/** Returns the seconds from the first frame to the end of the last, in display order; null without timestamps. */
export function secondsBetween(first: number[], last: number[], framesPerSecond: number | null): number | null {
  const [origin] = first;
  if (origin === undefined || last.length === 0) return null;
  const since = (time: number) => ((time - origin + 1.5 * WRAP_TICKS) % WRAP_TICKS) - WRAP_TICKS / 2;
  const start = first.reduce((least, time) => Math.min(least, since(time)), 0);
  const end = last.reduce((most, time) => Math.max(most, since(time)), start);
  return (end - start) / TICKS_PER_SECOND + (framesPerSecond === null ? 0 : 1 / framesPerSecond);
}

/** Returns the frame rate of the median interval, for timestamps in any order; null for fewer than two. */
export function medianFrameRate(times: number[]): number | null {
  const sorted = [...new Set(times)].toSorted((a, b) => a - b);
  const steps = sorted.slice(1).map((time, i) => time - (sorted[i] ?? time));
  // The last timestamps may precede unread frames.
  const middle = steps.slice(0, Math.max(1, steps.length - 3)).toSorted((a, b) => a - b);
  const step = middle[Math.floor(middle.length / 2)];
  return step === undefined ? null : TICKS_PER_SECOND / step;
}
