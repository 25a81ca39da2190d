import { TruncatedFileError } from "../jpeg/encodedJpeg.ts";

/** Predicts from the neighbour closest to left + above - corner; PNG 3 §9.4. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/**
 * Undoes the filter of one PNG row in place. Both rows start with their filter byte; `previous` is already unfiltered,
 * zeros for the first row. Throws `TruncatedFileError` for an unknown filter.
 */
export function unfilterRow(row: Uint8Array, previous: Uint8Array, bytesPerPixel: number): void {
  const filter = row[0] ?? 0;
  if (filter > 4) throw new TruncatedFileError("the PNG's pixel data is damaged");
  if (filter === 0) return;
  for (let at = 1; at < row.length; at++) {
    const left = at > bytesPerPixel ? (row[at - bytesPerPixel] ?? 0) : 0;
    const above = previous[at] ?? 0;
    let predicted = filter === 1 ? left : above;
    if (filter === 3) predicted = (left + above) >> 1;
    if (filter === 4) predicted = paeth(left, above, at > bytesPerPixel ? (previous[at - bytesPerPixel] ?? 0) : 0);
    row[at] = (row[at] ?? 0) + predicted;
  }
}
