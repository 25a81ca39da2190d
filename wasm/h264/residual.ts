/** Parses the coefficients of a macroblock; ITU-T H.264 §7.3.5.3. */
import {
  CHROMA_AC,
  CHROMA_DC,
  LUMA_4X4,
  LUMA_8X8,
  LUMA_AC,
  LUMA_DC,
  readCabacBlock,
  readCodedBlockFlag,
} from "./cabac/residual";
import { countIncrement, dcIncrement } from "./cabac/syntax";
import { CHROMA_DC_CONTEXT, readCavlcBlock } from "./cavlc/residual";
import { componentQp, keepLevels, scaleBlocks4, scaleBlocks8 } from "./dequantizer";
import { SCAN_4X4, SCAN_8X8, SCAN_8X8_PARTS, SCAN_DC } from "./scans";
import { coefficients, COUNTS, current, dcCoefficients, INTRA_16X16, Macroblock, picture, slice } from "./state";

/** Column and row of a luma block in coding order; H.264 Figure 6-10. */
export function blockColumn(index: i32): i32 {
  return (index & 1) | ((index >> 1) & 2);
}

export function blockRow(index: i32): i32 {
  return ((index >> 1) & 1) | ((index >> 2) & 2);
}

/** Number of coefficients of a block that may be in a neighbour; -1 without the neighbour. */
function countOf(macroblock: usize, at: usize): i32 {
  return macroblock === 0 ? -1 : <i32>load<u8>(macroblock + at);
}

/** Numbers of the blocks to the left and above. `first` is the first block of the component, `size` its blocks a side. */
function leftCount(first: usize, size: i32, column: i32, row: i32): i32 {
  const inside = column > 0;
  return countOf(inside ? current.macroblock : current.left, first + row * size + (inside ? column - 1 : size - 1));
}

function aboveCount(first: usize, size: i32, column: i32, row: i32): i32 {
  const inside = row > 0;
  return countOf(inside ? current.macroblock : current.above, first + (inside ? row - 1 : size - 1) * size + column);
}

/** nC of H.264 §9.2.1. */
function tokenContext(left: i32, above: i32): i32 {
  if (left < 0) return max(0, above);
  return above < 0 ? left : (left + above + 1) >> 1;
}

/** Reads a block of 4 × 4, whose number of coefficients is kept. */
function readBlock4(category: usize, first: usize, side: i32, column: i32, row: i32, block: usize): void {
  const left = leftCount(first, side, column, row);
  const above = aboveCount(first, side, column, row);
  const isAc = category !== LUMA_4X4;
  const size = isAc ? 15 : 16;
  const scan = isAc ? SCAN_4X4 + 1 : SCAN_4X4;
  let count: i32 = 0;
  if (slice.isCabac === 0) count = readCavlcBlock(tokenContext(left, above), size, scan, block);
  else if (readCodedBlockFlag(category, countIncrement(left, above)))
    count = readCabacBlock(category, size, scan, block);
  store<u8>(current.macroblock + first + row * side + column, <u8>count);
}

function lumaBlock(index: i32): usize {
  return coefficients + ((<usize>index) << 6);
}

/** Sets the numbers of the four blocks that an 8 × 8 block covers. */
function setQuarterCounts(quarter: i32, count: i32): void {
  const at = current.macroblock + COUNTS + (quarter >> 1) * 8 + (quarter & 1) * 2;
  const pair: u16 = <u16>(count * 0x101);
  store<u16>(at, pair);
  store<u16>(at, pair, 4);
}

function readQuarter8(quarter: i32): void {
  const block = lumaBlock(quarter * 4);
  if (slice.isCabac !== 0) {
    setQuarterCounts(quarter, readCabacBlock(LUMA_8X8, 64, SCAN_8X8, block));
    return;
  }
  for (let part: i32 = 0; part < 4; part++) {
    const index = quarter * 4 + part;
    const column = blockColumn(index);
    const row = blockRow(index);
    const context = tokenContext(leftCount(COUNTS, 4, column, row), aboveCount(COUNTS, 4, column, row));
    const count = readCavlcBlock(context, 16, SCAN_8X8_PARTS + (part << 4), block);
    store<u8>(current.macroblock + COUNTS + row * 4 + column, <u8>count);
  }
}

function readQuarter4(category: usize, quarter: i32): void {
  for (let index = quarter * 4; index < quarter * 4 + 4; index++)
    readBlock4(category, COUNTS, 4, blockColumn(index), blockRow(index), lumaBlock(index));
}

/** Reads the DC coefficients of Intra 16 × 16. */
function readLumaDc(macroblock: Macroblock): void {
  keepLevels();
  if (slice.isCabac !== 0) {
    if (!readCodedBlockFlag(LUMA_DC, dcIncrement(1))) return;
    macroblock.dcFlags |= 1;
    readCabacBlock(LUMA_DC, 16, SCAN_4X4, dcCoefficients);
  } else if (
    readCavlcBlock(
      tokenContext(leftCount(COUNTS, 4, 0, 0), aboveCount(COUNTS, 4, 0, 0)),
      16,
      SCAN_4X4,
      dcCoefficients,
    ) > 0
  )
    macroblock.dcFlags |= 1;
}

function readLuma(macroblock: Macroblock): void {
  const is16 = macroblock.kind === INTRA_16X16;
  if (is16) readLumaDc(macroblock);
  if (macroblock.hasTransform8) scaleBlocks8(macroblock.qp);
  else scaleBlocks4(0, macroblock.qp);
  for (let quarter: i32 = 0; quarter < 4; quarter++) {
    if (((macroblock.pattern >> <u8>quarter) & 1) === 0) continue;
    if (macroblock.hasTransform8) readQuarter8(quarter);
    else readQuarter4(is16 ? LUMA_AC : LUMA_4X4, quarter);
  }
}

function readChromaDc(macroblock: Macroblock, component: i32): void {
  const block = dcCoefficients + ((<usize>(12 + 4 * component)) << 2);
  const flag: u8 = (<u8>1) << (<u8>component);
  if (slice.isCabac !== 0) {
    if (!readCodedBlockFlag(CHROMA_DC, dcIncrement(flag))) return;
    macroblock.dcFlags |= flag;
    readCabacBlock(CHROMA_DC, 4, SCAN_DC, block);
  } else if (readCavlcBlock(CHROMA_DC_CONTEXT, 4, SCAN_DC, block) > 0) macroblock.dcFlags |= flag;
}

function readChromaAc(macroblock: Macroblock, component: i32): void {
  scaleBlocks4(component, componentQp(component, macroblock.qp));
  const first = COUNTS + 12 + 4 * component;
  for (let index: i32 = 0; index < 4; index++)
    readBlock4(CHROMA_AC, first, 2, index & 1, index >> 1, lumaBlock(12 + 4 * component + index));
}

/** Reads the coefficients of the macroblock at hand. The caller has cleared its counts. */
export function readResidual(macroblock: Macroblock): void {
  readLuma(macroblock);
  if (picture.isMonochrome || macroblock.pattern < 16) return;
  keepLevels();
  for (let component: i32 = 1; component <= 2; component++) readChromaDc(macroblock, component);
  if (macroblock.pattern < 32) return;
  for (let component: i32 = 1; component <= 2; component++) readChromaAc(macroblock, component);
}
