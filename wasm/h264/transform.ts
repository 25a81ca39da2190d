/** Inverse transforms; ITU-T H.264 §8.5.10 to §8.5.13. Blocks are cleared for the next macroblock. */
import { componentQp, dcScale } from "./dequantizer";
import { coefficients, dcCoefficients } from "./state";

/** Rows of an 8 × 8 block. */
const rows: usize = memory.data(64 * 4, 16);

/** Adds eight residuals to samples, and stores the first four or all. */
function addToFour(target: usize, residual: v128): void {
  const sum = i16x8.add_sat_s(i16x8.extend_low_i8x16_u(v128.load32_zero(target)), residual);
  v128.store32_lane(target, i8x16.narrow_i16x8_u(sum, sum), 0);
}

function addToEight(target: usize, residual: v128): void {
  const sum = i16x8.add_sat_s(v128.load8x8_u(target), residual);
  v128.store64_lane(target, i8x16.narrow_i16x8_u(sum, sum), 0);
}

/** Rounds values of 6 fraction bits. */
function rounded(value: v128): v128 {
  return i32x4.shr_s(i32x4.add(value, i32x4.splat(32)), 6);
}

function addRows(target: usize, stride: usize, first: v128, second: v128, third: v128, fourth: v128): void {
  const upper = i16x8.narrow_i32x4_s(rounded(first), rounded(second));
  const lower = i16x8.narrow_i32x4_s(rounded(third), rounded(fourth));
  addToFour(target, upper);
  addToFour(target + stride, i64x2.shuffle(upper, upper, 1, 0));
  addToFour(target + 2 * stride, lower);
  addToFour(target + 3 * stride, i64x2.shuffle(lower, lower, 1, 0));
}

/** Transforms 4 × 4 coefficients and adds them to the samples at `target`; H.264 §8.5.12.2. */
export function addBlock4(block: usize, target: usize, stride: usize): void {
  const zero = i32x4.splat(0);
  let a = v128.load(block);
  let b = v128.load(block, 16);
  let c = v128.load(block, 32);
  let d = v128.load(block, 48);
  for (let at: usize = 0; at < 64; at += 16) v128.store(block + at, zero);
  // Columns are in vectors: this transforms all rows.
  let even = i32x4.add(a, c);
  let odd = i32x4.sub(a, c);
  let less = i32x4.sub(i32x4.shr_s(b, 1), d);
  let more = i32x4.add(b, i32x4.shr_s(d, 1));
  a = i32x4.add(even, more);
  b = i32x4.add(odd, less);
  c = i32x4.sub(odd, less);
  d = i32x4.sub(even, more);
  const lowAb = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const highAb = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const lowCd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const highCd = i32x4.shuffle(c, d, 2, 6, 3, 7);
  a = i64x2.shuffle(lowAb, lowCd, 0, 2);
  b = i64x2.shuffle(lowAb, lowCd, 1, 3);
  c = i64x2.shuffle(highAb, highCd, 0, 2);
  d = i64x2.shuffle(highAb, highCd, 1, 3);
  even = i32x4.add(a, c);
  odd = i32x4.sub(a, c);
  less = i32x4.sub(i32x4.shr_s(b, 1), d);
  more = i32x4.add(b, i32x4.shr_s(d, 1));
  addRows(target, stride, i32x4.add(even, more), i32x4.add(odd, less), i32x4.sub(odd, less), i32x4.sub(even, more));
}

/** Adds a block whose coefficients are zero except for DC: all residuals are equal. */
export function addDc4(block: usize, target: usize, stride: usize): void {
  const residual = i16x8.splat(<i16>((load<i32>(block) + 32) >> 6));
  store<i32>(block, 0);
  for (let y: usize = 0; y < 4; y++) addToFour(target + y * stride, residual);
}

/** Transforms four lines of eight values, of which `step` bytes separate those with the same index; H.264 §8.5.13. */
function transformLines(at: usize, step: usize): void {
  const d1 = v128.load(at + step);
  const d2 = v128.load(at + 2 * step);
  const d3 = v128.load(at + 3 * step);
  const d5 = v128.load(at + 5 * step);
  const d6 = v128.load(at + 6 * step);
  const d7 = v128.load(at + 7 * step);
  const e0 = i32x4.add(v128.load(at), v128.load(at + 4 * step));
  const e2 = i32x4.sub(v128.load(at), v128.load(at + 4 * step));
  const e1 = i32x4.sub(i32x4.sub(d5, d3), i32x4.add(d7, i32x4.shr_s(d7, 1)));
  const e3 = i32x4.sub(i32x4.add(d1, d7), i32x4.add(d3, i32x4.shr_s(d3, 1)));
  const e5 = i32x4.add(i32x4.sub(d7, d1), i32x4.add(d5, i32x4.shr_s(d5, 1)));
  const e7 = i32x4.add(i32x4.add(d3, d5), i32x4.add(d1, i32x4.shr_s(d1, 1)));
  const e4 = i32x4.sub(i32x4.shr_s(d2, 1), d6);
  const e6 = i32x4.add(d2, i32x4.shr_s(d6, 1));
  const f0 = i32x4.add(e0, e6);
  const f2 = i32x4.add(e2, e4);
  const f4 = i32x4.sub(e2, e4);
  const f6 = i32x4.sub(e0, e6);
  const f1 = i32x4.add(e1, i32x4.shr_s(e7, 2));
  const f3 = i32x4.add(e3, i32x4.shr_s(e5, 2));
  const f5 = i32x4.sub(i32x4.shr_s(e3, 2), e5);
  const f7 = i32x4.sub(e7, i32x4.shr_s(e1, 2));
  v128.store(at, i32x4.add(f0, f7));
  v128.store(at + step, i32x4.add(f2, f5));
  v128.store(at + 2 * step, i32x4.add(f4, f3));
  v128.store(at + 3 * step, i32x4.add(f6, f1));
  v128.store(at + 4 * step, i32x4.sub(f6, f1));
  v128.store(at + 5 * step, i32x4.sub(f4, f3));
  v128.store(at + 6 * step, i32x4.sub(f2, f5));
  v128.store(at + 7 * step, i32x4.sub(f0, f7));
}

/** Transposes 4 × 4 of the 8 × 8 values at `from`, whose lines are 32 bytes apart. */
function transposeQuarter(from: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 32);
  const c = v128.load(from, 64);
  const d = v128.load(from, 96);
  const lowAb = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const highAb = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const lowCd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const highCd = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(lowAb, lowCd, 0, 2));
  v128.store(to, i64x2.shuffle(lowAb, lowCd, 1, 3), 32);
  v128.store(to, i64x2.shuffle(highAb, highCd, 0, 2), 64);
  v128.store(to, i64x2.shuffle(highAb, highCd, 1, 3), 96);
}

/** Transforms 8 × 8 coefficients and adds them to the samples at `target`. */
export function addBlock8(block: usize, target: usize, stride: usize): void {
  transformLines(block, 32);
  transformLines(block + 16, 32);
  transposeQuarter(block, rows);
  transposeQuarter(block + 16, rows + 128);
  transposeQuarter(block + 128, rows + 16);
  transposeQuarter(block + 144, rows + 144);
  transformLines(rows, 32);
  transformLines(rows + 16, 32);
  const zero = i32x4.splat(0);
  for (let at: usize = 0; at < 256; at += 32, target += stride) {
    const left = rounded(v128.load(rows + at));
    addToEight(target, i16x8.narrow_i32x4_s(left, rounded(v128.load(rows + at, 16))));
    v128.store(block + at, zero);
    v128.store(block + at, zero, 16);
  }
}

export function addDc8(block: usize, target: usize, stride: usize): void {
  const residual = i16x8.splat(<i16>((load<i32>(block) + 32) >> 6));
  store<i32>(block, 0);
  for (let y: usize = 0; y < 8; y++) addToEight(target + y * stride, residual);
}

/** One dimension of the transform of DC coefficients; H.264 §8.5.10. */
function transformDcLines(at: usize): void {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  const sumAb = i32x4.add(a, b);
  const sumCd = i32x4.add(c, d);
  const differenceAb = i32x4.sub(a, b);
  const differenceCd = i32x4.sub(c, d);
  v128.store(at, i32x4.add(sumAb, sumCd));
  v128.store(at, i32x4.sub(sumAb, sumCd), 16);
  v128.store(at, i32x4.sub(differenceAb, differenceCd), 32);
  v128.store(at, i32x4.add(differenceAb, differenceCd), 48);
}

function transposeDc(): void {
  for (let x: usize = 0; x < 4; x++)
    for (let y: usize = 0; y < x; y++) {
      const at = dcCoefficients + ((x * 4 + y) << 2);
      const mirrored = dcCoefficients + ((y * 4 + x) << 2);
      const value = load<i32>(at);
      store<i32>(at, load<i32>(mirrored));
      store<i32>(mirrored, value);
    }
}

/** Transforms the DC coefficients of Intra 16 × 16 and moves them to their blocks. */
export function spreadLumaDc(qp: i32): void {
  transformDcLines(dcCoefficients);
  transposeDc();
  transformDcLines(dcCoefficients);
  const scale = dcScale(0, qp);
  const left = max(0, qp / 6 - 6);
  const right = max(0, 6 - qp / 6);
  const half: i32 = right > 0 ? 1 << (right - 1) : 0;
  // Row by row after one transposition.
  for (let i: usize = 0; i < 16; i++) {
    const block = (i & 1) | ((i & 2) << 1) | ((i & 4) >> 1) | (i & 8);
    const at = dcCoefficients + (i << 2);
    store<i32>(coefficients + (block << 6), (((load<i32>(at) * scale) << left) + half) >> right);
    store<i32>(at, 0);
  }
}

/** Transforms the DC coefficients of chroma and moves them to their blocks; H.264 §8.5.11. */
export function spreadChromaDc(component: i32, lumaQp: i32): void {
  const qp = componentQp(component, lumaQp);
  const at = dcCoefficients + ((<usize>(12 + 4 * component)) << 2);
  const block = coefficients + ((<usize>(12 + 4 * component)) << 6);
  const a = load<i32>(at);
  const b = load<i32>(at, 4);
  const c = load<i32>(at, 8);
  const d = load<i32>(at, 12);
  v128.store(at, i32x4.splat(0));
  const scale = dcScale(component, qp);
  const shift = qp / 6;
  store<i32>(block, (((a + b + c + d) * scale) << shift) >> 5);
  store<i32>(block, (((a - b + c - d) * scale) << shift) >> 5, 64);
  store<i32>(block, (((a + b - c - d) * scale) << shift) >> 5, 128);
  store<i32>(block, (((a - b - c + d) * scale) << shift) >> 5, 192);
}
