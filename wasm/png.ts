/**
 * Kernels of src/media/transcode/scaled/png/: undo the filter of a PNG row and expand it to RGBA. The caller lays out the
 * memory from `heapStart()` on; rows are followed by 16 bytes that kernels may read or overwrite.
 */

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

function undoSub(row: usize, end: usize, step: usize): void {
  for (let at = row + step; at < end; at++) store<u8>(at, <u8>(load<u8>(at) + load<u8>(at - step)));
}

function undoUp(row: usize, end: usize, above: usize): void {
  for (let at = row; at < end; at += 16, above += 16) v128.store(at, i8x16.add(v128.load(at), v128.load(above)));
}

function undoAverage(row: usize, end: usize, above: usize, step: usize): void {
  let at = row;
  for (; at < row + step && at < end; at++, above++) store<u8>(at, <u8>(load<u8>(at) + (load<u8>(above) >> 1)));
  for (; at < end; at++, above++)
    store<u8>(at, <u8>(load<u8>(at) + ((<u32>load<u8>(at - step) + <u32>load<u8>(above)) >> 1)));
}

/** Predicts from the neighbour closest to left + above - corner; PNG 3 §9.4. */
function paeth(left: i32, above: i32, corner: i32): i32 {
  const toLeft = abs<i32>(above - corner);
  const toAbove = abs<i32>(left - corner);
  const toCorner = abs<i32>(left + above - 2 * corner);
  const nearest = toAbove <= toCorner ? above : corner;
  return toLeft <= toAbove && toLeft <= toCorner ? left : nearest;
}

function undoPaeth(row: usize, end: usize, above: usize, step: usize): void {
  let at = row;
  for (; at < row + step && at < end; at++, above++) store<u8>(at, <u8>(load<u8>(at) + load<u8>(above)));
  for (; at < end; at++, above++)
    store<u8>(at, <u8>(load<u8>(at) + paeth(load<u8>(at - step), load<u8>(above), load<u8>(above - step))));
}

/**
 * Undoes the filter of a row of `bytes`, whose first byte is the filter's number, in place. `previous` is the row above,
 * already unfiltered; `step` is the bytes of a pixel, at least 1. Returns 0 for an unknown filter.
 */
export function unfilterRow(row: usize, previous: usize, bytes: i32, step: i32): i32 {
  const filter = load<u8>(row);
  const start = row + 1;
  const end = row + bytes;
  const above = previous + 1;
  if (filter > 4) return 0;
  if (filter === 1) undoSub(start, end, step);
  else if (filter === 2) undoUp(start, end, above);
  else if (filter === 3) undoAverage(start, end, above, step);
  else if (filter === 4) undoPaeth(start, end, above, step);
  return 1;
}

/**
 * Expands samples of 8 or 16 bits to RGBA: grey (1), grey and alpha (2), RGB (3) or RGBA (4). Only the high byte of 16
 * bits is used. Pixels of the colour `key`, 0xBBGGRR, are transparent; -1 for none.
 */
export function expandSamples(row: usize, target: usize, width: i32, samples: i32, sampleBytes: i32, key: i32): void {
  const step = <usize>sampleBytes;
  const isGrey = samples < 3;
  const hasAlpha = samples === 2 || samples === 4;
  for (let x: i32 = 0; x < width; x++, target += 4) {
    let colour: u32 = load<u8>(row);
    row += step;
    if (isGrey) colour |= (colour << 8) | (colour << 16);
    else {
      colour |= ((<u32>load<u8>(row)) << 8) | ((<u32>load<u8>(row + step)) << 16);
      row += step << 1;
    }
    let alpha: u32 = colour === <u32>key ? 0 : 255;
    if (hasAlpha) {
      alpha = load<u8>(row);
      row += step;
    }
    store<u32>(target, colour | (alpha << 24));
  }
}

/** Expands indexes of 1, 2, 4 or 8 bits by a palette of 256 RGBA colours. */
export function expandIndexes(row: usize, target: usize, width: i32, bits: i32, palette: usize): void {
  const mask = (1 << bits) - 1;
  for (let x: i32 = 0; x < width; x++, target += 4) {
    const at = x * bits;
    const index = (<i32>load<u8>(row + (at >> 3)) >> (8 - bits - (at & 7))) & mask;
    store<u32>(target, load<u32>(palette + ((<usize>index) << 2)));
  }
}
