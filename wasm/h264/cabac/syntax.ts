/** Syntax elements of a macroblock with the arithmetic decoder; ITU-T H.264 §9.3.2 and §9.3.3.1. */
import { decodeBin, decodeTerminate } from "./engine";
import { current, INTRA_4X4, INTRA_8X8, INTRA_PCM, Macroblock, picture } from "../state";

/** First contexts; H.264 Table 9-34. */
const MB_TYPE: usize = 3;
const QP_DELTA: usize = 60;
const CHROMA_MODE: usize = 64;
const IS_PREDICTED_MODE: usize = 68;
const REMAINING_MODE: usize = 69;
const LUMA_PATTERN: usize = 73;
const CHROMA_PATTERN: usize = 77;
const TRANSFORM_8X8: usize = 399;

/** More than mb_qp_delta of 8 bit video takes: the data is damaged. */
const MAX_QP_DELTA_BINS: i32 = 104;

function isNotNxN(neighbour: usize): i32 {
  if (neighbour === 0) return 0;
  const kind = changetype<Macroblock>(neighbour).kind;
  return kind === INTRA_4X4 || kind === INTRA_8X8 ? 0 : 1;
}

/** mb_type: 0 I_NxN, 1 to 24 Intra 16 × 16, 25 I_PCM; H.264 Table 9-36. */
export function readCabacType(): i32 {
  if (decodeBin(MB_TYPE + isNotNxN(current.left) + isNotNxN(current.above)) === 0) return 0;
  if (decodeTerminate()) return 25;
  let type: u32 = 1 + 12 * decodeBin(MB_TYPE + 3);
  if (decodeBin(MB_TYPE + 4) !== 0) type += 4 + 4 * decodeBin(MB_TYPE + 5);
  type += 2 * decodeBin(MB_TYPE + 6);
  return <i32>(type + decodeBin(MB_TYPE + 7));
}

function hasTransform8(neighbour: usize): i32 {
  return neighbour === 0 ? 0 : changetype<Macroblock>(neighbour).hasTransform8;
}

export function readCabacTransform8(): bool {
  return decodeBin(TRANSFORM_8X8 + hasTransform8(current.left) + hasTransform8(current.above)) !== 0;
}

/** rem_intra_pred_mode; -1 if the mode is the predicted one. */
export function readCabacMode(): i32 {
  if (decodeBin(IS_PREDICTED_MODE) !== 0) return -1;
  let mode = decodeBin(REMAINING_MODE);
  mode |= decodeBin(REMAINING_MODE) << 1;
  return <i32>(mode | (decodeBin(REMAINING_MODE) << 2));
}

function hasChromaMode(neighbour: usize): i32 {
  return neighbour !== 0 && changetype<Macroblock>(neighbour).chromaMode !== 0 ? 1 : 0;
}

export function readCabacChromaMode(): i32 {
  if (decodeBin(CHROMA_MODE + hasChromaMode(current.left) + hasChromaMode(current.above)) === 0) return 0;
  if (decodeBin(CHROMA_MODE + 3) === 0) return 1;
  return decodeBin(CHROMA_MODE + 3) === 0 ? 2 : 3;
}

/** Whether a neighbour has no coefficients in a quarter of its luma; H.264 §9.3.3.1.1.4. */
function lacksQuarter(neighbour: usize, quarter: i32): i32 {
  return neighbour !== 0 && ((changetype<Macroblock>(neighbour).pattern >> <u8>quarter) & 1) === 0 ? 1 : 0;
}

function readLumaPattern(): i32 {
  const a0 = lacksQuarter(current.left, 1);
  const b0 = lacksQuarter(current.above, 2);
  let pattern = <i32>decodeBin(LUMA_PATTERN + a0 + 2 * b0);
  pattern |= (<i32>decodeBin(LUMA_PATTERN + (~pattern & 1) + 2 * lacksQuarter(current.above, 3))) << 1;
  pattern |= (<i32>decodeBin(LUMA_PATTERN + lacksQuarter(current.left, 3) + 2 * (~pattern & 1))) << 2;
  pattern |= (<i32>decodeBin(LUMA_PATTERN + ((~pattern >> 2) & 1) + 2 * ((~pattern >> 1) & 1))) << 3;
  return pattern;
}

/** Whether chroma of a neighbour has at least `least`: 1 DC, 2 AC. */
function hasChroma(neighbour: usize, least: u8): i32 {
  return neighbour !== 0 && changetype<Macroblock>(neighbour).pattern >> 4 >= least ? 1 : 0;
}

function readChromaPattern(): i32 {
  const any = hasChroma(current.left, 1) + 2 * hasChroma(current.above, 1);
  if (decodeBin(CHROMA_PATTERN + any) === 0) return 0;
  const ac = hasChroma(current.left, 2) + 2 * hasChroma(current.above, 2);
  return 1 + <i32>decodeBin(CHROMA_PATTERN + 4 + ac);
}

/** coded_block_pattern; I_PCM macroblocks have all bits set. */
export function readCabacPattern(): i32 {
  const luma = readLumaPattern();
  return picture.isMonochrome ? luma : luma | (readChromaPattern() << 4);
}

export function readCabacQpDelta(): i32 {
  if (decodeBin(QP_DELTA + (current.qpDelta !== 0 ? 1 : 0)) === 0) return 0;
  let bins: i32 = 1;
  let context = QP_DELTA + 2;
  while (decodeBin(context) !== 0) {
    context = QP_DELTA + 3;
    if (++bins > MAX_QP_DELTA_BINS) {
      current.isDamaged = true;
      return 0;
    }
  }
  return bins & 1 ? (bins + 1) >> 1 : -(bins >> 1);
}

/** ctxIdxInc of coded_block_flag from the flags of two neighbours. */
function flagIncrement(left: i32, above: i32): u32 {
  return <u32>(left + 2 * above);
}

/** Whether the DC block `flag` of a neighbour is coded: missing ones count, and those of I_PCM; §9.3.3.1.1.9. */
function hasDc(neighbour: usize, flag: u8): i32 {
  if (neighbour === 0) return 1;
  const macroblock = changetype<Macroblock>(neighbour);
  return macroblock.kind === INTRA_PCM || (macroblock.dcFlags & flag) !== 0 ? 1 : 0;
}

export function dcIncrement(flag: u8): u32 {
  return flagIncrement(hasDc(current.left, flag), hasDc(current.above, flag));
}

/** ctxIdxInc of coded_block_flag from the numbers of coefficients of two blocks; -1 if a block is missing. */
export function countIncrement(left: i32, above: i32): u32 {
  return flagIncrement(left !== 0 ? 1 : 0, above !== 0 ? 1 : 0);
}
