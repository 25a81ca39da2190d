/** Prediction of whole macroblocks: Intra 16 × 16 (ITU-T H.264 §8.3.3) and chroma (§8.3.4). */
import { current } from "../state";

const VERTICAL: i32 = 0;
const HORIZONTAL: i32 = 1;
const DC: i32 = 2;

/** Modes of chroma have another order: DC, horizontal, vertical, plane. */
const CHROMA_MODES: usize = memory.data<u8>([2, 1, 0, 3]);

function fillRow(target: usize, n: usize, value: u32): void {
  const word: u64 = <u64>(value * 0x01010101) * 0x100000001;
  for (let x: usize = 0; x < n; x += 8) store<u64>(target + x, word);
}

function clip(value: i32): u8 {
  return <u8>min(255, max(0, value));
}

/** Weighted difference of the samples on both sides of the middle of a line; H.264 (8-118) and (8-148). */
function slope(middle: usize, step: isize, n: i32): i32 {
  let total: i32 = 0;
  for (let i: i32 = 1; i <= n; i++) {
    const distance: isize = step * i;
    total += i * (<i32>load<u8>(middle + distance) - <i32>load<u8>(middle - distance));
  }
  return total;
}

function predictPlane(target: usize, stride: usize, n: usize): void {
  const half = <i32>(n >> 1);
  const above = target - stride;
  const horizontal = slope(above + half - 1, 1, half);
  const vertical = slope(target - 1 + <usize>(half - 1) * stride, <isize>stride, half);
  const factor: i32 = n === 16 ? 5 : 34;
  const b = (factor * horizontal + 32) >> 6;
  const c = (factor * vertical + 32) >> 6;
  const ends = <i32>load<u8>(above + n - 1) + <i32>load<u8>(target - 1 + (n - 1) * stride);
  let start = 16 * ends - (half - 1) * (b + c) + 16;
  for (let y: usize = 0; y < n; y++, start += c, target += stride) {
    let value = start;
    for (let x: usize = 0; x < n; x++, value += b) store<u8>(target + x, clip(value >> 5));
  }
}

function sumColumn(target: usize, stride: usize, n: usize): u32 {
  let total: u32 = 0;
  for (let y: usize = 0; y < n; y++) total += load<u8>(target + y * stride - 1);
  return total;
}

function sumRow(target: usize, stride: usize, n: usize): u32 {
  let total: u32 = 0;
  for (let x: usize = 0; x < n; x++) total += load<u8>(target - stride + x);
  return total;
}

function predictDc16(target: usize, stride: usize): void {
  const hasLeft = current.left !== 0;
  const hasAbove = current.above !== 0;
  let value: u32 = 128;
  if (hasLeft && hasAbove) value = (sumColumn(target, stride, 16) + sumRow(target, stride, 16) + 16) >> 5;
  else if (hasLeft) value = (sumColumn(target, stride, 16) + 8) >> 4;
  else if (hasAbove) value = (sumRow(target, stride, 16) + 8) >> 4;
  for (let y: usize = 0; y < 16; y++) fillRow(target + y * stride, 16, value);
}

/** The mean of a 4 × 4 block of chroma: blocks off the diagonal prefer one side; H.264 §8.3.4.1 to §8.3.4.3. */
function meanOf4(target: usize, left: usize, stride: usize, column: usize, row: usize): u32 {
  const hasLeft = current.left !== 0;
  const hasAbove = current.above !== 0;
  const fromLeft = hasLeft ? sumColumn(left, stride, 4) : 0;
  const fromAbove = hasAbove ? sumRow(target, stride, 4) : 0;
  if (!hasLeft && !hasAbove) return 128;
  if (column === row && hasLeft && hasAbove) return (fromLeft + fromAbove + 4) >> 3;
  const prefersLeft = row > column ? hasLeft : !hasAbove;
  return ((prefersLeft ? fromLeft : fromAbove) + 2) >> 2;
}

function predictChromaDc(target: usize, stride: usize): void {
  for (let row: usize = 0; row < 2; row++) {
    const left = target + 4 * row * stride;
    const first = meanOf4(target, left, stride, 0, row);
    const second = meanOf4(target + 4, left, stride, 1, row);
    const word: u64 = ((<u64>(second * 0x01010101)) << 32) | <u64>(first * 0x01010101);
    for (let y: usize = 0; y < 4; y++) store<u64>(left + y * stride, word);
  }
}

function predictPlaneOf(mode: i32, target: usize, stride: usize, n: usize): void {
  const needsAbove = mode === VERTICAL || mode > DC;
  const needsLeft = mode === HORIZONTAL || mode > DC;
  const isAvailable =
    (!needsAbove || current.above !== 0) &&
    (!needsLeft || current.left !== 0) &&
    (mode <= DC || current.aboveLeft !== 0);
  if (!isAvailable) {
    current.isDamaged = true;
    return;
  }
  if (mode === VERTICAL) for (let y: usize = 0; y < n; y++) memory.copy(target + y * stride, target - stride, n);
  else if (mode === HORIZONTAL)
    for (let y: usize = 0; y < n; y++) fillRow(target + y * stride, n, load<u8>(target + y * stride - 1));
  else if (mode > DC) predictPlane(target, stride, n);
  else if (n === 16) predictDc16(target, stride);
  else predictChromaDc(target, stride);
}

/** Predicts the luma of a macroblock. */
export function predict16(mode: i32, target: usize, stride: usize): void {
  predictPlaneOf(mode, target, stride, 16);
}

/** Predicts a chroma component of a macroblock. */
export function predictChroma(mode: i32, target: usize, stride: usize): void {
  predictPlaneOf(load<u8>(CHROMA_MODES + mode), target, stride, 8);
}
