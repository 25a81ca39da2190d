/** Predicts a parsed macroblock and adds its residuals; ITU-T H.264 §8.3 and §8.5. */
import { HAS_ABOVE, HAS_ABOVE_RIGHT, HAS_CORNER, HAS_LEFT, predict4, predict8 } from "./intra/blocks";
import { predict16, predictChroma } from "./intra/macroblocks";
import { blockColumn, blockRow } from "./residual";
import { coefficients, COUNTS, current, INTRA_16X16, INTRA_8X8, Macroblock, MODES, picture, slice } from "./state";
import { addBlock4, addBlock8, addDc4, addDc8, spreadChromaDc, spreadLumaDc } from "./transform";

/** A bit for each 4 × 4 block, row by row, whose neighbour above right precedes it inside the macroblock; §6.4.11.4. */
const ABOVE_RIGHT_4: i32 = 0x5750;

/** Neighbours of the block in a column and row of `side` blocks. */
function availability(column: i32, row: i32, side: i32, hasInner: bool): i32 {
  const hasLeft = column > 0 || current.left !== 0;
  const hasAbove = row > 0 || current.above !== 0;
  let corner: usize = 1;
  if (column === 0) corner = row === 0 ? current.aboveLeft : current.left;
  else if (row === 0) corner = current.above;
  let hasRight = hasInner;
  if (row === 0) hasRight = (column === side - 1 ? current.aboveRight : current.above) !== 0;
  return (
    (hasLeft ? HAS_LEFT : 0) |
    (hasAbove ? HAS_ABOVE : 0) |
    (corner !== 0 ? HAS_CORNER : 0) |
    (hasRight ? HAS_ABOVE_RIGHT : 0)
  );
}

/** Adds the residuals of a block with `count` coefficients besides a DC that is already there. */
function addBlock(block: usize, target: usize, stride: usize, count: i32): void {
  if (count > 0) addBlock4(block, target, stride);
  else if (load<i32>(block) !== 0) addDc4(block, target, stride);
}

function reconstruct4(): void {
  const stride = picture.lumaStride;
  for (let index: i32 = 0; index < 16; index++) {
    const column = blockColumn(index);
    const row = blockRow(index);
    const at: usize = row * 4 + column;
    const target = current.luma + <usize>row * 4 * stride + column * 4;
    const hasInner = ((ABOVE_RIGHT_4 >> <i32>at) & 1) !== 0;
    predict4(load<u8>(current.macroblock + MODES + at), target, stride, availability(column, row, 4, hasInner));
    const count: i32 = load<u8>(current.macroblock + COUNTS + at);
    const block = coefficients + ((<usize>index) << 6);
    const isDc = count === 1 && load<i32>(block) !== 0;
    addBlock(block, target, stride, isDc ? 0 : count);
  }
}

function reconstruct8(): void {
  const stride = picture.lumaStride;
  for (let quarter: i32 = 0; quarter < 4; quarter++) {
    const column = quarter & 1;
    const row = quarter >> 1;
    const at: usize = row * 8 + column * 2;
    const target = current.luma + <usize>row * 8 * stride + column * 8;
    const available = availability(column, row, 2, quarter === 2);
    predict8(load<u8>(current.macroblock + MODES + at), target, stride, available);
    const counts = current.macroblock + COUNTS + at;
    const count: i32 = load<u16>(counts) | load<u16>(counts, 4);
    const block = coefficients + ((<usize>quarter) << 8);
    // Variable length codes count each quarter of the coefficients in another block.
    if (count === 0x101 && slice.isCabac !== 0 && load<i32>(block) !== 0) addDc8(block, target, stride);
    else if (count !== 0) addBlock8(block, target, stride);
  }
}

function reconstruct16(macroblock: Macroblock): void {
  const stride = picture.lumaStride;
  predict16(current.mode16, current.luma, stride);
  if (macroblock.dcFlags & 1) spreadLumaDc(macroblock.qp);
  for (let index: i32 = 0; index < 16; index++) {
    const column = blockColumn(index);
    const row = blockRow(index);
    const target = current.luma + <usize>row * 4 * stride + column * 4;
    const count: i32 = load<u8>(current.macroblock + COUNTS + row * 4 + column);
    addBlock(coefficients + ((<usize>index) << 6), target, stride, count);
  }
}

function reconstructChroma(macroblock: Macroblock, component: i32, plane: usize): void {
  const stride = picture.chromaStride;
  predictChroma(macroblock.chromaMode, plane, stride);
  if (macroblock.pattern < 16) return;
  if ((macroblock.dcFlags >> <u8>component) & 1) spreadChromaDc(component, macroblock.qp);
  const counts = current.macroblock + COUNTS + 12 + 4 * component;
  for (let index: i32 = 0; index < 4; index++) {
    const target = plane + <usize>(index >> 1) * 4 * stride + (index & 1) * 4;
    const block = coefficients + ((<usize>(12 + 4 * component + index)) << 6);
    addBlock(block, target, stride, load<u8>(counts + index));
  }
}

/** Writes the samples of the macroblock at hand. */
export function reconstruct(macroblock: Macroblock): void {
  if (macroblock.kind === INTRA_16X16) reconstruct16(macroblock);
  else if (macroblock.kind === INTRA_8X8) reconstruct8();
  else reconstruct4();
  if (picture.isMonochrome) return;
  reconstructChroma(macroblock, 1, current.cb);
  reconstructChroma(macroblock, 2, current.cr);
}
