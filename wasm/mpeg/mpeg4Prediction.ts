/** Predicts coefficients of MPEG-4 part 2 from the blocks to the left and above; ISO/IEC 14496-2 §7.4.3. */
import { current } from "./mpeg4State";
import { picture } from "./picture";
import { levelAt } from "./transform";

/** 16 numbers of 16 bits: DC, seven of the first row, none, seven of the first column. */
export const RECORD_BYTES: i32 = 32;
const COLUMN_AT: usize = 16;

/** Bytes that blocks are predicted from. */
export function predictionBytes(width: i32, height: i32): i32 {
  return width * height * (6 * RECORD_BYTES + 1);
}

/** The record of a block by its place in its plane. */
export function recordAt(component: i32, x: i32, y: i32): usize {
  const macroblocks = picture.width * picture.height;
  const index = component === 0 ? y * 2 * picture.width + x : macroblocks * (3 + component) + y * picture.width + x;
  return current.records + <usize>(index * RECORD_BYTES);
}

/** Rounds halves away from zero: "//" of §4.1. */
export function divideRounded(value: i32, divisor: i32): i32 {
  return (value >= 0 ? value + (divisor >> 1) : value - (divisor >> 1)) / divisor;
}

@unmanaged
class Prediction {
  /** Records of the blocks; 0 outside of the packet. */
  left: usize;
  above: usize;
  corner: usize;
  isFromAbove: bool;
  dc: i32;
}

export const prediction = changetype<Prediction>(memory.data(offsetof<Prediction>(), 16));

/** DC of blocks that nothing is known of: middle grey. */
const UNKNOWN_DC: i32 = 1024;

function dcOf(record: usize): i32 {
  return record === 0 ? UNKNOWN_DC : <i32>load<i16>(record);
}

/** Whether the macroblock at a distance is in the packet. */
function isKnown(columns: i32, rows: i32): bool {
  if (current.column < columns) return false;
  return current.address - rows * picture.width - columns >= current.packetStart;
}

/** Finds the neighbours of block (`x`, `y`) of a plane, and the direction of prediction; §7.4.3.1. */
export function predict(component: i32, x: i32, y: i32): void {
  const isLeft = component > 0 || (x & 1) === 0;
  const isUpper = component > 0 || (y & 1) === 0;
  const columns: i32 = isLeft ? 1 : 0;
  const rows: i32 = isUpper ? 1 : 0;
  prediction.left = !isLeft || isKnown(1, 0) ? recordAt(component, x - 1, y) : 0;
  prediction.above = !isUpper || isKnown(0, 1) ? recordAt(component, x, y - 1) : 0;
  prediction.corner = (!isLeft && !isUpper) || isKnown(columns, rows) ? recordAt(component, x - 1, y - 1) : 0;
  const left = dcOf(prediction.left);
  const above = dcOf(prediction.above);
  const corner = dcOf(prediction.corner);
  prediction.isFromAbove = abs(left - corner) < abs(corner - above);
  prediction.dc = prediction.isFromAbove ? above : left;
}

/** Scale of the macroblock that block (`x`, `y`) is predicted from. */
function neighbourScale(component: i32, x: i32, y: i32): i32 {
  const shift = component === 0 ? 1 : 0;
  const fromX = prediction.isFromAbove ? x : x - 1;
  const fromY = prediction.isFromAbove ? y - 1 : y;
  return load<u8>(current.scales + <usize>((fromY >> shift) * picture.width + (fromX >> shift)));
}

/** Adds the first row or column of a neighbour to the levels; §7.4.3.3. */
export function addPrediction(component: i32, x: i32, y: i32): void {
  const from = prediction.isFromAbove ? prediction.above : prediction.left;
  if (from === 0) return;
  const scale = neighbourScale(component, x, y);
  for (let i: i32 = 1; i < 8; i++) {
    const level = load<i16>(from + (prediction.isFromAbove ? 0 : COLUMN_AT) + ((<usize>i) << 1));
    const at = levelAt(prediction.isFromAbove ? i : i * 8);
    const added = scale === current.scale ? <i32>level : divideRounded(level * scale, current.scale);
    store<i32>(at, load<i32>(at) + added);
  }
}

export function storeRecord(record: usize, dc: i32): void {
  store<i16>(record, <i16>dc);
  for (let i: usize = 1; i < 8; i++) {
    store<i16>(record + (i << 1), <i16>load<i32>(levelAt(<i32>i)));
    store<i16>(record + COLUMN_AT + (i << 1), <i16>load<i32>(levelAt(<i32>i * 8)));
  }
}
