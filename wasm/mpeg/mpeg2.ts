/** Decodes slices of intra pictures of MPEG-1 and MPEG-2; ISO/IEC 11172-2 and 13818-2. */
import { isPastEnd, openBits, peekBits, readBits, readSignedBits, skipBits } from "./bits";
import { event, readLongEvent } from "./events";
import { damage, picture, planeAt } from "./picture";
import { scanAt, VERTICAL, ZIGZAG } from "./scans";
import { clearBlock, controlMismatch, storeCoefficient, transformBlock } from "./transform";

/** Set by the caller before `decodeSlice`. */
@unmanaged
class Coding {
  isMpeg1: i32;
  /** 0 to 3: 8 to 11 bits. */
  dcPrecision: i32;
  usesTableOne: i32;
  alternatesScan: i32;
  hasNonlinearScale: i32;
  /** Fields of a frame may be transformed apart. */
  hasDctType: i32;
  /** 0 for a frame, 1 for the top field, 2 for the bottom field. */
  field: i32;
}

const coding = changetype<Coding>(memory.data(offsetof<Coding>(), 16));
/** Steps of luma and chroma, row by row. */
export const matrices: usize = memory.data(128, 16);
const predictors: usize = memory.data(12, 4);

export function codingAt(): usize {
  return changetype<usize>(coding);
}

export function matricesAt(): usize {
  return matrices;
}

/** quantiser_scale of q_scale_type 1; Table 7-6. */
// prettier-ignore
const NONLINEAR_SCALES: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 96, 104, 112,
]);

function readScale(): i32 {
  const code = readBits(5);
  if (code === 0) return damage();
  return coding.hasNonlinearScale ? <i32>load<u8>(NONLINEAR_SCALES + code) : code * 2;
}

function resetPredictors(): void {
  for (let i: usize = 0; i < 12; i += 4) store<i32>(predictors + i, 128 << coding.dcPrecision);
}

/** macroblock_address_increment; Table B-1. */
function readIncrement(): i32 {
  let sum: i32 = 0;
  for (;;) {
    const word = <i32>(peekBits() >>> 21);
    if (word === 8) sum += 33;
    if (word === 8 || (word === 15 && coding.isMpeg1)) {
      skipBits(11);
      if (isPastEnd()) return damage();
      continue;
    }
    if (word < 24) return damage();
    return sum + readShortIncrement(word);
  }
}

/** Bits of the code at the start of the 11 bits `word`, of Table B-1. */
function codeLength(word: i32): i32 {
  if (word >= 1024) return 1;
  if (word >= 512) return 3;
  if (word >= 256) return 4;
  if (word >= 128) return 5;
  if (word >= 96) return 7;
  if (word >= 48) return 8;
  return word >= 36 ? 10 : 11;
}

/** Codes of a length count down: 1 of 1 bit, 2 and 3 of 3 bits, and so on. */
function readShortIncrement(word: i32): i32 {
  const length = codeLength(word);
  skipBits(length);
  const code = word >> (11 - length);
  if (length === 1) return 1;
  if (length === 3) return 5 - code;
  if (length === 4) return 7 - code;
  if (length === 5) return 9 - code;
  if (length === 7) return 15 - code;
  if (length === 8) return 21 - code;
  return length === 10 ? 39 - code : 57 - code;
}

/** dct_dc_size; Tables B-12 and B-13. */
function readDcSize(isChroma: bool): i32 {
  const word = peekBits();
  const ones = <i32>clz<u32>(~word);
  if (isChroma) {
    if (ones === 0) return readBits(2);
    skipBits(min(10, ones + 1));
    return min(11, ones + 1);
  }
  if (ones === 0) return readBits(2) + 1;
  if (ones === 1) return readBits(3) === 4 ? 0 : 3;
  skipBits(min(9, ones + 1));
  return min(11, ones + 2);
}

/** Reads the difference of a DC coefficient; §7.2.1. */
function readDc(component: i32): i32 {
  const size = readDcSize(component > 0);
  const predictor = predictors + ((<usize>component) << 2);
  if (size > 0) {
    const value = readBits(size);
    const difference = value >> (size - 1) ? value : value + 1 - (1 << size);
    store<i32>(predictor, load<i32>(predictor) + difference);
  }
  return load<i32>(predictor) << (3 - coding.dcPrecision);
}

/** Level of an escape of MPEG-1; ISO/IEC 11172-2 §2.4.3.7. */
function readMpeg1Level(): i32 {
  const level = readSignedBits(8);
  if (level === 0) return readBits(8);
  return level === -128 ? readBits(8) - 256 : level;
}

function readLevel(): i32 {
  if (!event.isEscape) return readBits(1) ? -event.level : event.level;
  event.run = readBits(6);
  return coding.isMpeg1 ? readMpeg1Level() : readSignedBits(12);
}

/** §7.4.2, and the odd values of ISO/IEC 11172-2 §2.4.4.1. */
function dequantize(level: i32, step: i32): i32 {
  const value = (level * step) / 16;
  if (!coding.isMpeg1 || value & 1) return value;
  return value > 0 ? value - 1 : value < 0 ? value + 1 : 0;
}

/** Reads the coefficients of a block to `block`. */
function readBlock(component: i32, scale: i32): void {
  clearBlock();
  storeCoefficient(0, readDc(component));
  const scan = scanAt(coding.alternatesScan ? VERTICAL : ZIGZAG);
  const steps = matrices + (component > 0 ? 64 : 0);
  for (let index: i32 = 0; ;) {
    if (!readLongEvent(coding.usesTableOne !== 0)) {
      damage();
      return;
    }
    if (event.isEnd) break;
    const level = readLevel();
    index += event.run + 1;
    if (index > 63) {
      damage();
      return;
    }
    const at = load<u8>(scan + index);
    storeCoefficient(at, dequantize(level, <i32>load<u8>(steps + at) * scale));
  }
  if (!coding.isMpeg1) controlMismatch();
}

/** Decodes block `number` of the macroblock; §6.1.1.8 and figure 6-13. */
function decodeBlock(number: i32, column: i32, row: i32, isFieldDct: bool, scale: i32): void {
  const component = number < 4 ? 0 : 1 + (number & 1);
  readBlock(component, scale);
  if (picture.isDamaged) return;
  const isChroma = component > 0;
  const lineBytes = picture.width * (isChroma ? 8 : 16);
  const height = isChroma ? 16 >> picture.yShift : 16;
  const isLower = isChroma ? number >= 6 : number >= 2;
  const x = column * (isChroma ? 8 : 16) + (!isChroma && number & 1 ? 8 : 0);
  // Chroma of 4:2:0 has one block for both fields.
  const splits = isFieldDct && height === 16;
  let y = row * height + (isLower ? (splits ? 1 : 8) : 0);
  let step = splits ? 2 : 1;
  if (coding.field) {
    y = y * 2 + coding.field - 1;
    step *= 2;
  }
  transformBlock(planeAt(component) + <usize>(y * lineBytes + x), <usize>(lineBytes * step));
}

function startSlice(isTall: bool): i32 {
  resetPredictors();
  // slice_vertical_position_extension, which the caller has read.
  if (isTall) skipBits(3);
  const scale = readScale();
  // intra_slice_flag, then extra_information_slice.
  while (readBits(1)) {
    skipBits(8);
    if (isPastEnd()) return damage();
  }
  return scale;
}

/**
 * Decodes the slice between two addresses, which eight zero bytes follow: the first macroblock is in row `row`. Returns 0
 * if it is damaged.
 */
export function decodeSlice(start: usize, end: usize, row: i32, isTall: i32): i32 {
  openBits(start, end, 0);
  let scale = startSlice(isTall !== 0);
  // Slices of MPEG-1 continue in the next row.
  let address = row * picture.width - 1;
  const addresses = (picture.width * picture.height) >> (coding.field ? 1 : 0);
  const blocks = picture.yShift ? 6 : 8;
  while (!picture.isDamaged && peekBits() >>> 9 !== 0) {
    address += readIncrement();
    if (address >= addresses || picture.isDamaged) return damage();
    // macroblock_type of Table B-2.
    const hasScale = readBits(1) === 0;
    if (hasScale && readBits(1) === 0) return damage();
    const isFieldDct = coding.hasDctType !== 0 && readBits(1) !== 0;
    if (hasScale) scale = readScale();
    for (let number: i32 = 0; number < blocks && !picture.isDamaged; number++)
      decodeBlock(number, address % picture.width, address / picture.width, isFieldDct, scale);
    // Slices that repeat macroblocks would let a small sample cost any amount of work.
    if (isPastEnd() || ++picture.decodedMacroblocks > picture.width * picture.height) return damage();
  }
  return picture.isDamaged ? 0 : 1;
}
