/** Parses and reconstructs macroblocks; ITU-T H.264 §7.3.5. */
import { bits, readBits, readSigned, readUnsigned } from "./bits";
import { alignBits, startEngine } from "./cabac/engine";
import {
  readCabacChromaMode,
  readCabacMode,
  readCabacPattern,
  readCabacQpDelta,
  readCabacTransform8,
  readCabacType,
} from "./cabac/syntax";
import { reconstruct } from "./reconstruct";
import { blockColumn, blockRow, readResidual } from "./residual";
import {
  COUNTS,
  current,
  INTRA_16X16,
  INTRA_4X4,
  INTRA_8X8,
  INTRA_PCM,
  Macroblock,
  MODES,
  picture,
  slice,
} from "./state";

const PCM_TYPE: i32 = 25;
const MODE_DC: u8 = 2;

/** coded_block_pattern of codeNum for intra macroblocks: with chroma, then without; H.264 Table 9-4. */
// prettier-ignore
const PATTERNS: usize = memory.data<u8>([
  47, 31, 15, 0, 23, 27, 29, 30, 7, 11, 13, 14, 39, 43, 45, 46, 16, 3, 5, 10, 12, 19, 21, 26, 28, 35, 37, 42, 44, 1, 2,
  4, 8, 17, 18, 20, 24, 6, 9, 22, 25, 32, 33, 34, 36, 40, 38, 41,
  15, 0, 7, 11, 13, 14, 3, 5, 10, 12, 1, 2, 4, 8, 6, 9,
]);

function damage(): void {
  current.isDamaged = true;
}

function readType(): i32 {
  return slice.isCabac !== 0 ? readCabacType() : readUnsigned();
}

/** Copies samples that aren't compressed. */
function copyPlane(from: usize, to: usize, stride: usize, size: usize): void {
  for (let row: usize = 0; row < size; row++) memory.copy(to + row * stride, from + row * size, size);
}

function readPcm(macroblock: Macroblock): void {
  macroblock.kind = INTRA_PCM;
  macroblock.qp = 0;
  macroblock.pattern = 0x2f;
  macroblock.dcFlags = 7;
  memory.fill(current.macroblock + COUNTS, 16, 24);
  memory.fill(current.macroblock + MODES, MODE_DC, 16);
  if (slice.isCabac !== 0) alignBits();
  const from = bits.start + <usize>((bits.position + 7) >> 3);
  const size: usize = picture.isMonochrome ? 256 : 384;
  if (from + size > bits.end) return damage();
  copyPlane(from, current.luma, picture.lumaStride, 16);
  if (!picture.isMonochrome) {
    copyPlane(from + 256, current.cb, picture.chromaStride, 8);
    copyPlane(from + 320, current.cr, picture.chromaStride, 8);
  }
  bits.position = <i32>((from + size - bits.start) << 3);
  if (slice.isCabac !== 0) startEngine();
  current.qpDelta = 0;
}

/** Mode of the block to the left or above; -1 if there is none; H.264 §8.3.1.1. */
function neighbourMode(macroblock: usize, at: i32): i32 {
  return macroblock === 0 ? -1 : <i32>load<u8>(macroblock + MODES + at);
}

function predictedMode(column: i32, row: i32): i32 {
  const left = neighbourMode(column > 0 ? current.macroblock : current.left, row * 4 + ((column - 1) & 3));
  const above = neighbourMode(row > 0 ? current.macroblock : current.above, ((row - 1) & 3) * 4 + column);
  return left < 0 || above < 0 ? <i32>MODE_DC : min(left, above);
}

function readMode(predicted: i32): i32 {
  let mode: i32 = -1;
  if (slice.isCabac !== 0) mode = readCabacMode();
  else if (readBits(1) === 0) mode = readBits(3);
  if (mode < 0) return predicted;
  return mode < predicted ? mode : mode + 1;
}

function readModes4(): void {
  for (let index: i32 = 0; index < 16; index++) {
    const column = blockColumn(index);
    const row = blockRow(index);
    store<u8>(current.macroblock + MODES + row * 4 + column, <u8>readMode(predictedMode(column, row)));
  }
}

function readModes8(): void {
  for (let quarter: i32 = 0; quarter < 4; quarter++) {
    const column = (quarter & 1) * 2;
    const row = (quarter >> 1) * 2;
    const pair = <u16>(readMode(predictedMode(column, row)) * 0x101);
    const at = current.macroblock + MODES + row * 4 + column;
    store<u16>(at, pair);
    store<u16>(at, pair, 4);
  }
}

function readPattern(): i32 {
  if (slice.isCabac !== 0) return readCabacPattern();
  const code = readUnsigned();
  if (code >= (picture.isMonochrome ? 16 : 48)) {
    damage();
    return 0;
  }
  return load<u8>(PATTERNS + code + (picture.isMonochrome ? 48 : 0));
}

function readChromaMode(): i32 {
  if (picture.isMonochrome) return 0;
  const mode = slice.isCabac !== 0 ? readCabacChromaMode() : readUnsigned();
  if (mode > 3) damage();
  return mode & 3;
}

/** Reads mb_qp_delta; H.264 §7.4.5. */
function readQp(): void {
  const delta = slice.isCabac !== 0 ? readCabacQpDelta() : readSigned();
  if (delta < -26 || delta > 25) return damage();
  current.qpDelta = delta;
  current.qp = (current.qp + delta + 52) % 52;
}

function readNxN(macroblock: Macroblock): void {
  macroblock.kind = INTRA_4X4;
  if (slice.allowsTransform8 !== 0) {
    const has = slice.isCabac !== 0 ? readCabacTransform8() : readBits(1) !== 0;
    macroblock.hasTransform8 = has ? 1 : 0;
    if (has) macroblock.kind = INTRA_8X8;
  }
  if (macroblock.kind === INTRA_8X8) readModes8();
  else readModes4();
  macroblock.chromaMode = <u8>readChromaMode();
  macroblock.pattern = <u8>readPattern();
}

function read16(macroblock: Macroblock, type: i32): void {
  macroblock.kind = INTRA_16X16;
  memory.fill(current.macroblock + MODES, MODE_DC, 16);
  current.mode16 = (type - 1) & 3;
  const chroma = ((type - 1) >> 2) % 3;
  if (chroma !== 0 && picture.isMonochrome) damage();
  macroblock.pattern = <u8>((type > 12 ? 15 : 0) | (chroma << 4));
  macroblock.chromaMode = <u8>readChromaMode();
}

function readPredicted(macroblock: Macroblock, type: i32): void {
  memory.fill(current.macroblock + COUNTS, 0, 24);
  if (type === 0) readNxN(macroblock);
  else read16(macroblock, type);
  if (current.isDamaged) return;
  if (type !== 0 || macroblock.pattern !== 0) readQp();
  else current.qpDelta = 0;
  macroblock.qp = <u8>current.qp;
  if (current.isDamaged) return;
  if (type !== 0 || macroblock.pattern !== 0) readResidual(macroblock);
  if (!current.isDamaged) reconstruct(macroblock);
}

/** Decodes the macroblock at hand, except for the deblocking filter. Sets `current.isDamaged` for invalid data. */
export function decodeMacroblock(): void {
  const macroblock = changetype<Macroblock>(current.macroblock);
  const type = readType();
  if (type > PCM_TYPE) return damage();
  if (type === PCM_TYPE) readPcm(macroblock);
  else readPredicted(macroblock, type);
  macroblock.slice = slice.number;
  picture.decodedMacroblocks++;
}
