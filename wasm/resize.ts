/**
 * Kernels of src/media/transcode/resize/: rows of RGBA, eight bits a channel, and weights of 14 fraction bits that add
 * up to one. The caller lays out the memory from `heapStart()` on. Rows are followed by 16 bytes that kernels may read
 * or overwrite; the number of taps is a multiple of four.
 */

const FRACTION_BITS: i32 = 14;
const HALF: i32 = 1 << (FRACTION_BITS - 1);

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

/** Divides the colours of a row by their alpha. Fully transparent pixels become black. */
export function unpremultiply(row: usize, pixels: i32): void {
  if (isOpaque(row, pixels)) return;
  for (let at = row, end = row + ((<usize>pixels) << 2); at < end; at += 4) {
    const alpha: u32 = load<u8>(at, 3);
    if (alpha === 255) continue;
    for (let channel: usize = 0; channel < 3; channel++) {
      const colour: u32 = alpha === 0 ? 0 : (<u32>load<u8>(at + channel) * 255 + (alpha >> 1)) / alpha;
      store<u8>(at + channel, <u8>min<u32>(255, colour));
    }
  }
}

/**
 * Filters a row horizontally. `starts` has the first source pixel of each target pixel as i32, `weights` has `taps`
 * weights of each as i16.
 */
export function filterRow(
  source: usize,
  target: usize,
  targetPixels: i32,
  starts: usize,
  weights: usize,
  taps: i32,
): void {
  const weightBytes: usize = (<usize>taps) << 1;
  let weight = weights;
  for (let x: i32 = 0; x < targetPixels; x++) {
    let from = source + ((<usize>load<i32>(starts + ((<usize>x) << 2))) << 2);
    let even = i32x4.splat(HALF);
    let odd = i32x4.splat(0);
    for (const end = weight + weightBytes; weight < end; weight += 8, from += 16) {
      // Four pixels as r0 r1 g0 g1 b0 b1 a0 a1 r2 r3 …: a dot product of pairs weighs two pixels at once.
      const four = v128.load(from);
      const pairs = i8x16.shuffle(four, four, 0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
      even = i32x4.add(even, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(pairs), v128.load32_splat(weight)));
      odd = i32x4.add(odd, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(pairs), v128.load32_splat(weight, 4)));
    }
    const sum = i32x4.shr_s(i32x4.add(even, odd), FRACTION_BITS);
    const words = i16x8.narrow_i32x4_s(sum, sum);
    v128.store32_lane(target + ((<usize>x) << 2), i8x16.narrow_i16x8_u(words, words), 0);
  }
}

/**
 * Filters rows vertically: `rows` has `taps` addresses of rows as i32, `weights` their weights as i16. Writes whole
 * groups of 16 bytes.
 */
export function blendRows(rows: usize, weights: usize, taps: i32, target: usize, bytes: i32): void {
  for (let x: usize = 0; x < <usize>bytes; x += 16) {
    let first = i32x4.splat(HALF);
    let second = i32x4.splat(HALF);
    let third = i32x4.splat(HALF);
    let fourth = i32x4.splat(HALF);
    for (let tap: i32 = 0; tap < taps; tap += 2) {
      const row = rows + ((<usize>tap) << 2);
      const weight = v128.load32_splat(weights + ((<usize>tap) << 1));
      const above = v128.load(<usize>load<i32>(row) + x);
      const below = v128.load(<usize>load<i32>(row, 4) + x);
      const low = i8x16.shuffle(above, below, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(above, below, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      first = i32x4.add(first, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(low), weight));
      second = i32x4.add(second, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(low), weight));
      third = i32x4.add(third, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(high), weight));
      fourth = i32x4.add(fourth, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(high), weight));
    }
    const left = i16x8.narrow_i32x4_s(i32x4.shr_s(first, FRACTION_BITS), i32x4.shr_s(second, FRACTION_BITS));
    const right = i16x8.narrow_i32x4_s(i32x4.shr_s(third, FRACTION_BITS), i32x4.shr_s(fourth, FRACTION_BITS));
    v128.store(target + x, i8x16.narrow_i16x8_u(left, right));
  }
}
