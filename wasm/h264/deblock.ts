/** The deblocking filter of intra pictures; ITU-T H.264 §8.7. */
import { chromaQp, INTRA_PCM, Macroblock, macroblockAt, picture } from "./state";

/** α and β by indexA and indexB from 16 on; smaller ones are 0. Table 8-16. */
// prettier-ignore
const ALPHA: usize = memory.data<u8>([
  4, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144,
  162, 182, 203, 226, 255, 255,
]);
// prettier-ignore
const BETA: usize = memory.data<u8>([
  2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17,
  18, 18,
]);
/** tC0 by indexA from 16 on, for bS 3; Table 8-17. */
// prettier-ignore
const TC0: usize = memory.data<u8>([
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 23, 25,
]);

/** Parameters of an edge. */
let alpha: i32 = 0;
let beta: i32 = 0;
let tc0: i32 = 0;

/** Sets the parameters for the mean QP of both sides; false if the edge isn't filtered. */
function setStrength(qp: i32, macroblock: Macroblock): bool {
  const indexA = min(51, qp + macroblock.filterOffsetA) - 16;
  const indexB = min(51, qp + macroblock.filterOffsetB) - 16;
  if (indexA < 0 || indexB < 0) return false;
  alpha = load<u8>(ALPHA + <usize>indexA);
  beta = load<u8>(BETA + <usize>indexB);
  tc0 = load<u8>(TC0 + <usize>indexA);
  return true;
}

function clip(value: i32): u8 {
  return <u8>min(255, max(0, value));
}

function limit(value: i32, most: i32): i32 {
  return min(most, max(-most, value));
}

/** Filters `count` lines across an edge inside a macroblock, bS 3; H.264 §8.7.2.3. `across` leads over the edge. */
function filterLumaInside(at: usize, across: usize, along: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++, at += along) {
    const p0: i32 = load<u8>(at - across);
    const q0: i32 = load<u8>(at);
    if (abs(p0 - q0) >= alpha) continue;
    const p1: i32 = load<u8>(at - 2 * across);
    const q1: i32 = load<u8>(at + across);
    if (abs(p1 - p0) >= beta || abs(q1 - q0) >= beta) continue;
    const p2: i32 = load<u8>(at - 3 * across);
    const q2: i32 = load<u8>(at + 2 * across);
    const mean = (p0 + q0 + 1) >> 1;
    let most = tc0;
    if (abs(p2 - p0) < beta) {
      store<u8>(at - 2 * across, <u8>(p1 + limit((p2 + mean - 2 * p1) >> 1, tc0)));
      most++;
    }
    if (abs(q2 - q0) < beta) {
      store<u8>(at + across, <u8>(q1 + limit((q2 + mean - 2 * q1) >> 1, tc0)));
      most++;
    }
    const delta = limit((4 * (q0 - p0) + (p1 - q1) + 4) >> 3, most);
    store<u8>(at - across, clip(p0 + delta));
    store<u8>(at, clip(q0 - delta));
  }
}

/** One side of a strong filter: `step` leads away from the edge, whose nearest sample is at `at`. */
function smoothSide(at: usize, step: isize, p0: i32, p1: i32, p2: i32, q0: i32, q1: i32): void {
  const p3: i32 = load<u8>(at + 3 * step);
  store<u8>(at, <u8>((p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3));
  store<u8>(at + step, <u8>((p2 + p1 + p0 + q0 + 2) >> 2));
  store<u8>(at + 2 * step, <u8>((2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3));
}

/** Filters `count` lines across an edge between macroblocks, bS 4; H.264 §8.7.2.4. */
function filterLumaOutside(at: usize, across: usize, along: usize, count: i32): void {
  const small = (alpha >> 2) + 2;
  for (let i: i32 = 0; i < count; i++, at += along) {
    const p0: i32 = load<u8>(at - across);
    const q0: i32 = load<u8>(at);
    const step = abs(p0 - q0);
    if (step >= alpha) continue;
    const p1: i32 = load<u8>(at - 2 * across);
    const q1: i32 = load<u8>(at + across);
    if (abs(p1 - p0) >= beta || abs(q1 - q0) >= beta) continue;
    const p2: i32 = load<u8>(at - 3 * across);
    const q2: i32 = load<u8>(at + 2 * across);
    const isSmall = step < small;
    if (isSmall && abs(p2 - p0) < beta) smoothSide(at - across, -(<isize>across), p0, p1, p2, q0, q1);
    else store<u8>(at - across, <u8>((2 * p1 + p0 + q1 + 2) >> 2));
    if (isSmall && abs(q2 - q0) < beta) smoothSide(at, <isize>across, q0, q1, q2, p0, p1);
    else store<u8>(at, <u8>((2 * q1 + q0 + p1 + 2) >> 2));
  }
}

/** Filters eight lines of chroma. */
function filterChroma(at: usize, across: usize, along: usize, isOutside: bool): void {
  const most = tc0 + 1;
  for (let i: i32 = 0; i < 8; i++, at += along) {
    const p0: i32 = load<u8>(at - across);
    const q0: i32 = load<u8>(at);
    if (abs(p0 - q0) >= alpha) continue;
    const p1: i32 = load<u8>(at - 2 * across);
    const q1: i32 = load<u8>(at + across);
    if (abs(p1 - p0) >= beta || abs(q1 - q0) >= beta) continue;
    if (isOutside) {
      store<u8>(at - across, <u8>((2 * p1 + p0 + q1 + 2) >> 2));
      store<u8>(at, <u8>((2 * q1 + q0 + p1 + 2) >> 2));
      continue;
    }
    const delta = limit((4 * (q0 - p0) + (p1 - q1) + 4) >> 3, most);
    store<u8>(at - across, clip(p0 + delta));
    store<u8>(at, clip(q0 - delta));
  }
}

function qpOf(macroblock: Macroblock): i32 {
  return macroblock.kind === INTRA_PCM ? 0 : macroblock.qp;
}

function meanQp(macroblock: Macroblock, other: Macroblock): i32 {
  return (qpOf(macroblock) + qpOf(other) + 1) >> 1;
}

function meanChromaQp(macroblock: Macroblock, other: Macroblock, offset: i32): i32 {
  return (chromaQp(qpOf(macroblock), offset) + chromaQp(qpOf(other), offset) + 1) >> 1;
}

/** Filters an edge with a neighbour in luma and chroma. */
function filterOutside(macroblock: Macroblock, other: Macroblock, x: usize, y: usize, isVertical: bool): void {
  const luma = picture.luma + y * 16 * picture.lumaStride + x * 16;
  const lumaAcross = isVertical ? <usize>1 : picture.lumaStride;
  const lumaAlong = isVertical ? picture.lumaStride : <usize>1;
  if (setStrength(meanQp(macroblock, other), macroblock)) filterLumaOutside(luma, lumaAcross, lumaAlong, 16);
  if (picture.isMonochrome) return;
  const chroma = y * 8 * picture.chromaStride + x * 8;
  const across = isVertical ? <usize>1 : picture.chromaStride;
  const along = isVertical ? picture.chromaStride : <usize>1;
  if (setStrength(meanChromaQp(macroblock, other, macroblock.cbOffset), macroblock))
    filterChroma(picture.cb + chroma, across, along, true);
  if (setStrength(meanChromaQp(macroblock, other, macroblock.crOffset), macroblock))
    filterChroma(picture.cr + chroma, across, along, true);
}

/** Filters the edges of one direction inside a macroblock: those of 4 × 4 blocks, or 8 × 8 blocks. */
function filterInside(macroblock: Macroblock, x: usize, y: usize, isVertical: bool): void {
  const luma = picture.luma + y * 16 * picture.lumaStride + x * 16;
  const lumaAcross = isVertical ? <usize>1 : picture.lumaStride;
  const lumaAlong = isVertical ? picture.lumaStride : <usize>1;
  const first: usize = macroblock.hasTransform8 ? 8 : 4;
  if (setStrength(qpOf(macroblock), macroblock))
    for (let edge = first; edge < 16; edge += first)
      filterLumaInside(luma + edge * lumaAcross, lumaAcross, lumaAlong, 16);
  if (picture.isMonochrome) return;
  const across = isVertical ? <usize>1 : picture.chromaStride;
  const along = isVertical ? picture.chromaStride : <usize>1;
  const chroma = y * 8 * picture.chromaStride + x * 8 + 4 * across;
  if (setStrength(chromaQp(qpOf(macroblock), macroblock.cbOffset), macroblock))
    filterChroma(picture.cb + chroma, across, along, false);
  if (setStrength(chromaQp(qpOf(macroblock), macroblock.crOffset), macroblock))
    filterChroma(picture.cr + chroma, across, along, false);
}

/** Filters the edges of one direction; those at the border of a slice only if disable_deblocking_filter_idc is 0. */
function filterDirection(at: usize, x: usize, y: usize, neighbour: usize, isVertical: bool): void {
  const macroblock = changetype<Macroblock>(at);
  if (neighbour !== 0) {
    const other = changetype<Macroblock>(neighbour);
    if (macroblock.filterMode === 0 || other.slice === macroblock.slice)
      filterOutside(macroblock, other, x, y, isVertical);
  }
  filterInside(macroblock, x, y, isVertical);
}

/** Filters a row of macroblocks. Rows are filtered from the first one on, after all of them are decoded. */
export function deblockRow(row: i32): void {
  const width = picture.width;
  for (let x: i32 = 0; x < width; x++) {
    const address = row * width + x;
    const at = macroblockAt(address);
    if (changetype<Macroblock>(at).filterMode === 1) continue;
    filterDirection(at, x, row, x > 0 ? macroblockAt(address - 1) : 0, true);
    filterDirection(at, x, row, row > 0 ? macroblockAt(address - width) : 0, false);
  }
}
