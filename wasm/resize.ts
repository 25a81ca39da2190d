/**
 * Kernels of src/media/transcode/resize/: premultiplied RGBA, eight bits a channel. The caller lays out the memory from
 * `heapStart()` on; rows are followed by 16 bytes that kernels may read or overwrite.
 */

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

/** Whether all pixels of a row are opaque. */
function isOpaque(row: usize, pixels: i32): bool {
  let all = i32x4.splat(-1);
  let at: i32 = 0;
  for (; at + 4 <= pixels; at += 4) all = v128.and(all, v128.load(row + ((<usize>at) << 2)));
  let rest: i32 = -1;
  for (; at < pixels; at++) rest &= load<i32>(row + ((<usize>at) << 2));
  const lanes = i32x4.extract_lane(all, 0) & i32x4.extract_lane(all, 1);
  return (lanes & i32x4.extract_lane(all, 2) & i32x4.extract_lane(all, 3) & rest) >>> 24 === 255;
}

/** Multiplies the colours of a row by their alpha. */
export function premultiply(row: usize, pixels: i32): void {
  if (isOpaque(row, pixels)) return;
  for (let at = row, end = row + ((<usize>pixels) << 2); at < end; at += 4) {
    const alpha: u32 = load<u8>(at, 3);
    if (alpha === 255) continue;
    for (let channel: usize = 0; channel < 3; channel++)
      store<u8>(at + channel, <u8>((<u32>load<u8>(at + channel) * alpha + 127) / 255));
  }
}
