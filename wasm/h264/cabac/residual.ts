/** Parses blocks of coefficients with the arithmetic decoder; ITU-T H.264 §7.3.5.3.3 and §9.3.3.1.3. */
import { decodeBin, decodeBypass } from "./engine";
import { storeLevel } from "../dequantizer";
import { current } from "../state";

/** ctxBlockCat; H.264 Table 9-42. */
export const LUMA_DC: usize = 0;
export const LUMA_AC: usize = 1;
export const LUMA_4X4: usize = 2;
export const CHROMA_DC: usize = 3;
export const CHROMA_AC: usize = 4;
export const LUMA_8X8: usize = 5;

/** First context of significant_coeff_flag, last_significant_coeff_flag and coeff_abs_level_minus1; Table 9-34. */
const SIGNIFICANT: usize = memory.data<u16>([105, 120, 134, 149, 152, 402]);
const LAST: usize = memory.data<u16>([166, 181, 195, 210, 213, 417]);
const LEVEL: usize = memory.data<u16>([227, 237, 247, 257, 266, 426]);
const CODED_BLOCK_FLAG: usize = 85;

/** ctxIdxInc of the flags of 8 × 8 blocks of frames; Table 9-43. */
// prettier-ignore
const SIGNIFICANT_8X8: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 4, 4, 4, 5, 5, 4, 4, 4, 4, 3, 3, 6, 7, 7, 7, 8, 9, 10, 9, 8, 7, 7, 6, 11, 12, 13, 11,
  6, 7, 8, 9, 14, 10, 9, 8, 6, 11, 12, 13, 11, 6, 9, 14, 10, 9, 11, 12, 13, 11, 14, 10, 12,
]);
// prettier-ignore
const LAST_8X8: usize = memory.data<u8>([
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3,
  4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8,
]);
/** ctxIdxInc of other blocks: the index of the coefficient, at most 2 for DC of chroma. */
const OWN_INDEX: usize = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
const DC_INDEX: usize = memory.data<u8>([0, 1, 2]);

/** Indexes of the coefficients that aren't zero. */
const found: usize = memory.data(64);

/** Larger exponents than those of 8 bit video: the data is damaged. */
const MAX_ESCAPE_BITS: i32 = 20;

function firstContext(table: usize, category: usize): usize {
  return load<u16>(table + (category << 1));
}

/** coded_block_flag; `increment` is that of H.264 §9.3.3.1.1.9. */
export function readCodedBlockFlag(category: usize, increment: u32): bool {
  return decodeBin(CODED_BLOCK_FLAG + (category << 2) + increment) !== 0;
}

/** Finds the coefficients that aren't zero among `size` and returns their number. */
function readSignificance(category: usize, size: i32): i32 {
  const significant = firstContext(SIGNIFICANT, category);
  const last = firstContext(LAST, category);
  const is8x8 = category === LUMA_8X8;
  const indexes = category === CHROMA_DC ? DC_INDEX : is8x8 ? SIGNIFICANT_8X8 : OWN_INDEX;
  const lastIndexes = is8x8 ? LAST_8X8 : indexes;
  let count: usize = 0;
  const end: usize = size - 1;
  for (let i: usize = 0; i < end; i++) {
    if (decodeBin(significant + load<u8>(indexes + i)) === 0) continue;
    store<u8>(found + count++, <u8>i);
    if (decodeBin(last + load<u8>(lastIndexes + i)) !== 0) return <i32>count;
  }
  store<u8>(found + count++, <u8>end);
  return <i32>count;
}

/** Suffix of coeff_abs_level_minus1: Exp-Golomb of order 0; H.264 §9.3.2.3. */
function readEscape(): i32 {
  let exponent: i32 = 0;
  while (decodeBypass() !== 0) {
    if (++exponent > MAX_ESCAPE_BITS) {
      current.isDamaged = true;
      return 0;
    }
  }
  let value: i32 = 1;
  for (let i: i32 = 0; i < exponent; i++) value = (value << 1) | <i32>decodeBypass();
  return value - 1;
}

/** Reads an absolute level of at least 1, whose first decision has the context `first`. */
function readMagnitude(first: usize, following: usize): i32 {
  if (decodeBin(first) === 0) return 1;
  let magnitude: i32 = 2;
  while (magnitude < 15 && decodeBin(following) !== 0) magnitude++;
  return magnitude < 15 ? magnitude : 15 + readEscape();
}

/** Reads the coefficients of a block whose coded_block_flag is 1. Returns how many aren't zero. */
export function readCabacBlock(category: usize, size: i32, scan: usize, block: usize): i32 {
  const count = readSignificance(category, size);
  const context = firstContext(LEVEL, category);
  const mostFollowing: usize = category === CHROMA_DC ? 3 : 4;
  let ones: usize = 0;
  let larger: usize = 0;
  for (let i = count - 1; i >= 0; i--) {
    const first = context + (larger !== 0 ? 0 : min<usize>(4, 1 + ones));
    const magnitude = readMagnitude(first, context + 5 + min<usize>(mostFollowing, larger));
    if (magnitude === 1) ones++;
    else larger++;
    const level = decodeBypass() !== 0 ? -magnitude : magnitude;
    storeLevel(block, load<u8>(scan + load<u8>(found + i)), level);
  }
  return count;
}
