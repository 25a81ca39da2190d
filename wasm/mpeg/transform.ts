/** Inverse DCT of 8 × 8 coefficients; ISO/IEC 13818-2 annex A. */

/** Coefficients of the current block, 64 numbers of 32 bits, row by row. */
export const block: usize = memory.data(256, 16);
/** Values of `basis`: half the cosine of u (2 x + 1) π / 16, of frequency u and position x. */
export const basis: usize = memory.data(256, 16);
/** Vertically transformed rows. */
export const rows: usize = memory.data(256, 16);

/** Half the cosine of k π / 16. */
const COSINES: usize = memory.data<f32>([
  0.5, 0.49039264, 0.46193977, 0.41573481, 0.35355339, 0.27778512, 0.19134172, 0.09754516, 0,
]);
const FIRST_FACTOR: f32 = 0.35355339;

function cosine(index: i32): f32 {
  let k = index & 31;
  if (k > 16) k = 32 - k;
  const value = load<f32>(COSINES + ((<usize>(k > 8 ? 16 - k : k)) << 2));
  return k > 8 ? -value : value;
}

export function buildBasis(): void {
  for (let u: i32 = 0; u < 8; u++)
    for (let x: i32 = 0; x < 8; x++)
      store<f32>(basis + ((<usize>(u * 8 + x)) << 2), u === 0 ? FIRST_FACTOR : cosine((2 * x + 1) * u));
}

export function clearBlock(): void {
  memory.fill(block, 0, 256);
}

/** Address of a coefficient by its place in the row-major block. */
export function levelAt(at: i32): usize {
  return block + ((<usize>at) << 2);
}

const LEAST: i32 = -2048;
const GREATEST: i32 = 2047;

/** Stores a coefficient at a place of the row-major block. */
export function storeCoefficient(at: i32, value: i32): void {
  store<i32>(block + ((<usize>at) << 2), max(LEAST, min(GREATEST, value)));
}

/** Makes the sum of the coefficients odd; ISO/IEC 13818-2 §7.4.4. */
export function controlMismatch(): void {
  let sum = i32x4.splat(0);
  for (let at: usize = 0; at < 256; at += 16) sum = v128.xor(sum, v128.load(block + at));
  const parity =
    i32x4.extract_lane(sum, 0) ^ i32x4.extract_lane(sum, 1) ^ i32x4.extract_lane(sum, 2) ^ i32x4.extract_lane(sum, 3);
  if ((parity & 1) === 0) store<i32>(block + 252, load<i32>(block + 252) ^ 1);
}

/** Transforms the block to `rows`. */
export function transformColumns(): void {
  memory.fill(rows, 0, 256);
  for (let v: usize = 0; v < 8; v++) {
    const lowInts = v128.load(block + (v << 5));
    const highInts = v128.load(block + (v << 5), 16);
    if (!v128.any_true(v128.or(lowInts, highInts))) continue;
    const low = f32x4.convert_i32x4_s(lowInts);
    const high = f32x4.convert_i32x4_s(highInts);
    for (let y: usize = 0; y < 8; y++) {
      const factor = v128.load32_splat(basis + (((v << 3) + y) << 2));
      const to = rows + (y << 5);
      v128.store(to, f32x4.add(v128.load(to), f32x4.mul(low, factor)));
      v128.store(to, f32x4.add(v128.load(to, 16), f32x4.mul(high, factor)), 16);
    }
  }
}

/** Writes the pixels of the block. */
export function transformBlock(target: usize, stride: usize): void {
  transformColumns();
  for (let y: usize = 0; y < 8; y++) {
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    for (let u: usize = 0; u < 8; u++) {
      const value = v128.load32_splat(rows + (((y << 3) + u) << 2));
      low = f32x4.add(low, f32x4.mul(value, v128.load(basis + (u << 5))));
      high = f32x4.add(high, f32x4.mul(value, v128.load(basis + (u << 5), 16)));
    }
    const lowInts = i32x4.trunc_sat_f32x4_s(f32x4.nearest(low));
    const highInts = i32x4.trunc_sat_f32x4_s(f32x4.nearest(high));
    const shorts = i16x8.narrow_i32x4_s(lowInts, highInts);
    v128.store64_lane(target + y * stride, i8x16.narrow_i16x8_u(shorts, shorts), 0);
  }
}
