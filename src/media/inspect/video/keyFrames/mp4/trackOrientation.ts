/** Turns of the display matrices of MP4 and QuickTime; ISO/IEC 14496-12 §8.2.2 and §8.3.2. */

/** Rows a b, c d of a matrix as signs: x' = a x + c y, y' = b x + d y. */
export type Turn = readonly [number, number, number, number];

export const NO_TURN: Turn = [1, 0, 0, 1];

/** Keeps the larger of each row, so that a scaled matrix turns like one that isn't. */
function rowSigns(first: number, second: number): [number, number] {
  return Math.abs(first) >= Math.abs(second) ? [Math.sign(first), 0] : [0, Math.sign(second)];
}

/** Reads the turn of a matrix; matrices that are no turn or mirror image count as none. */
export function readTurn(view: DataView, at: number): Turn {
  if (at + 20 > view.byteLength) return NO_TURN;
  const [a, b] = rowSigns(view.getInt32(at), view.getInt32(at + 4));
  // A third column of the perspective separates the rows.
  const [c, d] = rowSigns(view.getInt32(at + 12), view.getInt32(at + 16));
  return a * d - b * c === 0 ? NO_TURN : [a, b, c, d];
}

/** The turn of the track followed by that of the movie. */
export function combineTurns([a, b, c, d]: Turn, [e, f, g, h]: Turn): Turn {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

const orientations = new Map([
  ["1,0,0,1", 1],
  ["-1,0,0,1", 2],
  ["-1,0,0,-1", 3],
  ["1,0,0,-1", 4],
  ["0,1,1,0", 5],
  ["0,1,-1,0", 6],
  ["0,-1,-1,0", 7],
  ["0,-1,1,0", 8],
]);

/** Returns the EXIF orientation of frames that are displayed with a turn. */
export function orientationOf(turn: Turn): number {
  return orientations.get(turn.map((value) => value + 0).join(",")) ?? 1;
}
