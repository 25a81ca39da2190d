/** The presentation times of MPEG's packets: how long a stream lasts, and at what pace, where no header says so. */

const ticksPerSecond = 90_000;
/** 33 bits: they begin anew after 26.5 hours. */
const wrapTicks = 2 ** 33;

/** The 33 bits of a time stamp at `at`, in their five bytes. */
export function timestampAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  return ((a >> 1) & 7) * 2 ** 30 + ((b << 22) | ((c >> 1) << 15) | (d << 7) | (e >> 1));
}

/** From the first picture to the end of the last. Pictures are not stored in the order in which they are shown. */
export function secondsBetween(first: number[], last: number[], framesPerSecond: number | null): number | null {
  const [origin] = first;
  if (origin === undefined || last.length === 0) return null;
  const since = (time: number) => ((time - origin + 1.5 * wrapTicks) % wrapTicks) - wrapTicks / 2;
  const start = first.reduce((least, time) => Math.min(least, since(time)), 0);
  const end = last.reduce((most, time) => Math.max(most, since(time)), start);
  return (end - start) / ticksPerSecond + (framesPerSecond === null ? 0 : 1 / framesPerSecond);
}

/** By the most frequent step from one time to the next, of those given in any order. */
export function commonPace(times: number[]): number | null {
  const sorted = [...new Set(times)].toSorted((a, b) => a - b);
  const steps = sorted.slice(1).map((time, i) => time - (sorted[i] ?? time));
  // The last ones may stand before pictures that come later.
  const middle = steps.slice(0, Math.max(1, steps.length - 3)).toSorted((a, b) => a - b);
  const step = middle[Math.floor(middle.length / 2)];
  return step === undefined ? null : ticksPerSecond / step;
}
