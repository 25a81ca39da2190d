/**
 * Inverse DCT of 8 × 8 coefficients to a block of another size: the lowest coefficients with the basis of that size,
 * which scales by any ratio; T.81 §A.3.3 for 8 × 8.
 */
import { Component } from "./component";
import { LOW_BITS } from "./input";

/** Largest column and row of the coefficients up to a zigzag index, column × 8 + row. */
const extents: usize = memory.data(64);
/** Dequantized coefficients: 8 rows of 8. */
const values: usize = memory.data(256, 16);
/** Vertically transformed rows, at most 32 of 8 columns. */
const rows: usize = memory.data(1024, 16);

/** Sets the extents from 64 bytes: row × 8 + column of each zigzag index. */
export function setZigzag(natural: usize): void {
  let column: u32 = 0;
  let row: u32 = 0;
  for (let i: usize = 0; i < 64; i++) {
    const at: u32 = load<u8>(natural + i);
    column = max(column, at & 7);
    row = max(row, at >> 3);
    store<u8>(extents + i, <u8>((column << 3) | row));
  }
}

/** Writes eight pixels at a time; the next block of the strip overwrites what is too much. */
function fillBlock(component: Component, target: usize, value: u8): void {
  const width = component.width;
  const eight: u64 = <u64>value * LOW_BITS;
  for (let y: i32 = 0; y < component.height; y++, target += component.stripStride) {
    if (width >= 8) for (let x: i32 = 0; x < width; x += 8) store<u64>(target + x, eight);
    else if (width === 4) store<u32>(target, <u32>eight);
    else for (let x: i32 = 0; x < width; x++) store<u8>(target + x, value);
  }
}

/** Half, and the level shift of T.81 §A.3.1: truncating the sum rounds as libjpeg does. */
const ROUNDED_SHIFT: f32 = 128.5;

function toByte(value: f32): u8 {
  return <u8>min<f32>(255, max<f32>(0, value + ROUNDED_SHIFT));
}

function dequantize(component: Component, block: usize, columns: i32, rowCount: i32): void {
  const kept: usize = (<usize>component.keptColumns) << 1;
  for (let v: i32 = 0; v < rowCount; v++) {
    const to = values + ((<usize>v) << 5);
    const steps = component.quantization + ((<usize>v) << 5);
    const from = block + <usize>v * kept;
    const low = f32x4.convert_i32x4_s(v128.load16x4_s(from));
    v128.store(to, f32x4.mul(low, v128.load(steps)));
    if (columns <= 4) continue;
    const high = f32x4.convert_i32x4_s(v128.load16x4_s(from, 8));
    v128.store(to, f32x4.mul(high, v128.load(steps, 16)), 16);
  }
}

/** Transforms the columns: `height` rows of `columns` values. */
function transformColumns(component: Component, columns: i32, rowCount: i32): void {
  let basis = component.verticalBasis;
  const end = values + ((<usize>rowCount) << 5);
  for (let y: i32 = 0; y < component.height; y++, basis += 32) {
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    let weight = basis;
    for (let from = values; from < end; from += 32, weight += 4) {
      const factor = v128.load32_splat(weight);
      low = f32x4.add(low, f32x4.mul(v128.load(from), factor));
      if (columns > 4) high = f32x4.add(high, f32x4.mul(v128.load(from, 16), factor));
    }
    const to = rows + ((<usize>y) << 5);
    v128.store(to, low);
    v128.store(to, high, 16);
  }
}

/** Stores the first `width` of four pixels. */
function storePixels(target: usize, sum: v128, width: i32): void {
  const words = i32x4.trunc_sat_f32x4_s(sum);
  const shorts = i16x8.narrow_i32x4_s(words, words);
  const bytes = i8x16.narrow_i16x8_u(shorts, shorts);
  if (width >= 4) v128.store32_lane(target, bytes, 0);
  else if (width === 2) v128.store16_lane(target, bytes, 0);
  else {
    v128.store8_lane(target, bytes, 0);
    if (width === 3) {
      v128.store8_lane(target, bytes, 1, 1);
      v128.store8_lane(target, bytes, 2, 2);
    }
  }
}

function transformRows(component: Component, columns: i32, target: usize, stride: i32): void {
  const width = component.width;
  const basisStride: usize = (<usize>((width + 3) & ~3)) << 2;
  const end: usize = (<usize>columns) << 2;
  let from = rows;
  for (let y: i32 = 0; y < component.height; y++, from += 32, target += stride) {
    for (let x: i32 = 0; x < width; x += 4) {
      let basis = component.horizontalBasis + ((<usize>x) << 2);
      let sum = f32x4.splat(ROUNDED_SHIFT);
      for (let u: usize = 0; u < end; u += 4, basis += basisStride)
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(from + u), v128.load(basis)));
      storePixels(target + x, sum, width - x);
    }
  }
}

/** Transforms the kept coefficients at `block`. `last` is the zigzag index of the last one that isn't zero. */
export function transformBlock(component: Component, block: usize, last: i32, target: usize): void {
  const stride = component.stripStride;
  const extent: i32 = load<u8>(extents + last);
  const columns = min(component.keptColumns, (extent >> 3) + 1);
  const rowCount = min(component.keptRows, (extent & 7) + 1);
  if (columns === 1 && rowCount === 1) {
    const value = <f32>load<i16>(block) * load<f32>(component.quantization) * <f32>0.125;
    fillBlock(component, target, toByte(value));
    return;
  }
  dequantize(component, block, columns, rowCount);
  transformColumns(component, columns, rowCount);
  transformRows(component, columns, target, stride);
}
