/** Prediction of 4 × 4 and 8 × 8 blocks of luma; ITU-T H.264 §8.3.1 and §8.3.2. */
import { edge, filterEdge, predictDirection, smooth } from "./edges";
import { current } from "../state";

const VERTICAL: i32 = 0;
const HORIZONTAL: i32 = 1;
const DC: i32 = 2;

/** Available neighbours of a block. */
export const HAS_LEFT: i32 = 1;
export const HAS_ABOVE: i32 = 2;
export const HAS_CORNER: i32 = 4;
export const HAS_ABOVE_RIGHT: i32 = 8;

/** Neighbours that each mode needs. */
const NEEDED: usize = memory.data<u8>([2, 1, 0, 2, 7, 7, 7, 2, 1]);

/** A row of `n` equal samples. */
function fillBlock(target: usize, stride: usize, n: usize, value: u32): void {
  const word: u32 = value * 0x01010101;
  for (let y: usize = 0; y < n; y++, target += stride) {
    store<u32>(target, word);
    if (n === 8) store<u32>(target, word, 4);
  }
}

/** Collects the neighbours of a block. Missing ones keep the value of the last one, or are arbitrary. */
function loadEdge(target: usize, stride: usize, n: usize, available: i32): void {
  const above = target - stride;
  if (available & HAS_LEFT)
    for (let i: usize = 0; i < n; i++) store<u8>(edge + n - 1 - i, load<u8>(target + i * stride - 1));
  if (available & HAS_CORNER) store<u8>(edge + n, load<u8>(above - 1));
  if ((available & HAS_ABOVE) === 0) return;
  memory.copy(edge + n + 1, above, n);
  if (available & HAS_ABOVE_RIGHT) memory.copy(edge + 2 * n + 1, above + n, n);
  else memory.fill(edge + 2 * n + 1, load<u8>(above + n - 1), n);
}

function sum(from: usize, n: usize): u32 {
  let total: u32 = 0;
  for (let i: usize = 0; i < n; i++) total += load<u8>(from + i);
  return total;
}

/** The mean of the available neighbours. `log2` is that of `n`. */
function meanOf(n: usize, log2: u32, available: i32): u32 {
  const hasLeft = (available & HAS_LEFT) !== 0;
  const hasAbove = (available & HAS_ABOVE) !== 0;
  if (!hasLeft && !hasAbove) return 128;
  const total = (hasLeft ? sum(edge, n) : 0) + (hasAbove ? sum(edge + n + 1, n) : 0);
  const shift = hasLeft && hasAbove ? log2 + 1 : log2;
  return (total + (1 << (shift - 1))) >> shift;
}

/** Predicts from `edge`, which holds the neighbours. */
function predictFromEdge(mode: i32, target: usize, stride: usize, n: usize, available: i32): void {
  if (mode === VERTICAL) {
    for (let y: usize = 0; y < n; y++) memory.copy(target + y * stride, edge + n + 1, n);
  } else if (mode === HORIZONTAL) {
    for (let y: usize = 0; y < n; y++) fillBlock(target + y * stride, 0, n, load<u8>(edge + n - 1 - y));
  } else if (mode === DC) fillBlock(target, stride, n, meanOf(n, n === 8 ? 3 : 2, available));
  else {
    filterEdge(n);
    predictDirection(mode, target, stride, n);
  }
}

function lacksNeighbours(mode: i32, available: i32): bool {
  const needed: i32 = load<u8>(NEEDED + mode);
  return (available & needed) !== needed;
}

/** Predicts a 4 × 4 block. The data is damaged if the mode needs neighbours that aren't available. */
export function predict4(mode: i32, target: usize, stride: usize, available: i32): void {
  if (lacksNeighbours(mode, available)) {
    current.isDamaged = true;
    return;
  }
  loadEdge(target, stride, 4, available);
  predictFromEdge(mode, target, stride, 4, available);
}

/** (a + 3 b + 2) / 4 of the last two of a line. */
function filterEnd(inner: usize, end: usize): u8 {
  return <u8>((<u32>load<u8>(inner) + 3 * <u32>load<u8>(end) + 2) >> 2);
}

/** Filters the neighbours of an 8 × 8 block; H.264 §8.3.2.2.1. */
function smoothEdge(available: i32): void {
  const hasCorner = (available & HAS_CORNER) !== 0;
  const corner = edge + 8;
  filterEdge(8);
  if (!hasCorner) {
    store<u8>(smooth + 7, filterEnd(corner - 2, corner - 1));
    store<u8>(smooth + 9, filterEnd(corner + 2, corner + 1));
  } else if ((available & HAS_ABOVE) === 0) store<u8>(smooth + 8, filterEnd(corner - 1, corner));
  else if ((available & HAS_LEFT) === 0) store<u8>(smooth + 8, filterEnd(corner + 1, corner));
  memory.copy(edge, smooth, 25);
}

/** Predicts an 8 × 8 block. */
export function predict8(mode: i32, target: usize, stride: usize, available: i32): void {
  if (lacksNeighbours(mode, available)) {
    current.isDamaged = true;
    return;
  }
  loadEdge(target, stride, 8, available);
  smoothEdge(available);
  predictFromEdge(mode, target, stride, 8, available);
}
