/** The matrix by which a movie or a track of it is shown: rows a b, c d, with a and d zero for a quarter turn. */

export function isQuarterTurn(view: DataView, matrixAt: number): boolean {
  return Math.abs(view.getInt32(matrixAt + 4)) > Math.abs(view.getInt32(matrixAt));
}
