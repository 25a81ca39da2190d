/** Decodes macroblocks of intra pictures of MPEG-4 part 2 and H.263; ISO/IEC 14496-2 and ITU-T H.263. */
import { bits, isPastEnd, openBits, peekBits, readBits, skipBits } from "./bits";
import { event } from "./events";
import { matrices } from "./mpeg2";
import { readCbpy, readDcDifference, readMcbpc, readSignedEvent } from "./mpeg4Codes";
import {
  addPrediction,
  divideRounded,
  predict,
  prediction,
  RECORD_BYTES,
  recordAt,
  storeRecord,
} from "./mpeg4Prediction";
import { current, vop } from "./mpeg4State";
import { damage, picture, planeAt } from "./picture";
import { HORIZONTAL, scanAt, VERTICAL, ZIGZAG } from "./scans";
import { block, clearBlock, controlMismatch, levelAt, storeCoefficient, transformBlock } from "./transform";

/** Results of `decodeMacroblocks`. */
const MORE: i32 = 0;
const DONE: i32 = 1;
const DAMAGED: i32 = 2;

/** Starts at a bit of the data between two addresses, which eight zero bytes follow. */
export function startVop(start: usize, end: usize, position: i32, predictions: usize): void {
  openBits(start, end, position);
  current.address = 0;
  current.packetStart = 0;
  current.scale = vop.scale;
  current.records = predictions;
  current.scales = predictions + <usize>(picture.width * picture.height * 6 * RECORD_BYTES);
}

/** Table 7-1. */
function dcScaler(isChroma: bool): i32 {
  const scale = current.scale;
  if (scale < 5) return 8;
  if (isChroma) return scale < 25 ? (scale + 13) / 2 : scale - 6;
  return scale < 9 ? scale * 2 : scale < 25 ? scale + 8 : scale * 2 - 16;
}

/** Reads the levels of a block from index `first` of a scan on. */
function readLevels(first: i32, scan: usize): void {
  for (let index = first; ; index++) {
    if (!readSignedEvent()) {
      damage();
      return;
    }
    index += event.run;
    if (index > 63) {
      damage();
      return;
    }
    store<i32>(levelAt(load<u8>(scan + index)), event.level);
    if (event.isLast) return;
  }
}

/** Multiplies the levels behind DC; §7.4.4. */
function dequantize(isChroma: bool): void {
  const scale = current.scale;
  const steps = matrices + (isChroma ? 64 : 0);
  const odd = 1 - (scale & 1);
  for (let at: i32 = 1; at < 64; at++) {
    const level = load<i32>(levelAt(at));
    if (level === 0) continue;
    if (vop.usesMatrix) storeCoefficient(at, (level * load<u8>(steps + at) * scale) / 8);
    else {
      const size = scale * (2 * abs(level) + 1) - odd;
      storeCoefficient(at, level > 0 ? size : -size);
    }
  }
  if (vop.usesMatrix) controlMismatch();
}

function scanOf(isPredicted: bool): usize {
  if (!isPredicted) return scanAt(vop.alternatesScan ? VERTICAL : ZIGZAG);
  return scanAt(vop.alternatesScan || !prediction.isFromAbove ? VERTICAL : HORIZONTAL);
}

/** Reads a block of MPEG-4 to coefficients. */
function readBlock(component: i32, x: i32, y: i32, isCoded: bool, hasDcCode: bool, isPredicted: bool): void {
  const isChroma = component > 0;
  predict(component, x, y);
  if (hasDcCode) store<i32>(block, readDcDifference(isChroma));
  if (isCoded) readLevels(hasDcCode ? 1 : 0, scanOf(isPredicted));
  if (picture.isDamaged) return;
  if (isPredicted) addPrediction(component, x, y);
  const scaler = dcScaler(isChroma);
  const dc = max(0, min(2047, (load<i32>(block) + divideRounded(prediction.dc, scaler)) * scaler));
  storeRecord(recordAt(component, x, y), dc);
  store<i32>(block, dc);
  dequantize(isChroma);
}

/** Reads a block of H.263 to coefficients; §5.4. */
function readH263Block(isCoded: bool): void {
  const dc = readBits(8);
  store<i32>(block, dc === 255 ? 1024 : dc * 8);
  if (isCoded) readLevels(1, scanAt(ZIGZAG));
  if (!picture.isDamaged) dequantize(false);
}

/** Writes block `number` of the macroblock; fields are apart in luma only. */
function showBlock(number: i32, isFieldDct: bool): void {
  const isChroma = number > 3;
  const lineBytes = picture.width * (isChroma ? 8 : 16);
  const splits = isFieldDct && !isChroma;
  const left = current.column * (isChroma ? 8 : 16) + (!isChroma && number & 1 ? 8 : 0);
  const top = current.row * (isChroma ? 8 : 16) + (!isChroma && number & 2 ? (splits ? 1 : 8) : 0);
  const plane = planeAt(isChroma ? number - 3 : 0);
  transformBlock(plane + <usize>(top * lineBytes + left), <usize>(splits ? lineBytes * 2 : lineBytes));
}

/** dquant; Table 6-20. */
const SCALE_STEPS: usize = memory.data<i8>([-1, -2, 1, 2]);

function decodeMacroblock(): void {
  current.column = current.address % picture.width;
  current.row = current.address / picture.width;
  const mcbpc = readMcbpc();
  const isPredicted = vop.isH263 === 0 && readBits(1) !== 0;
  const coded = (readCbpy() << 2) | (mcbpc & 3);
  const hasDcCode = current.scale < vop.dcThreshold;
  if (mcbpc & 4) current.scale = max(1, min(31, current.scale + <i32>load<i8>(SCALE_STEPS + <usize>readBits(2))));
  const isFieldDct = vop.isInterlaced !== 0 && readBits(1) !== 0;
  store<u8>(current.scales + <usize>current.address, <u8>current.scale);
  for (let number: i32 = 0; number < 6 && !picture.isDamaged; number++) {
    const isCoded = ((coded >> (5 - number)) & 1) !== 0;
    const component = max(0, number - 3);
    const x = component > 0 ? current.column : current.column * 2 + (number & 1);
    const y = component > 0 ? current.row : current.row * 2 + (number >> 1);
    clearBlock();
    if (vop.isH263) readH263Block(isCoded);
    else readBlock(component, x, y, isCoded, hasDcCode, isPredicted);
    showBlock(number, isFieldDct);
  }
}

/** Reads the header of a video packet, if one begins here; §6.2.5.2 and Annex E.1.2. */
function readPacketHeader(): void {
  const stuffing = 8 - (bits.position & 7);
  const word = peekBits();
  if (word >>> (32 - stuffing) !== (1 << (stuffing - 1)) - 1) return;
  if ((word << stuffing) >>> 15 !== 1) return;
  skipBits(stuffing + 17);
  if (readBits(vop.addressBits) !== current.address) damage();
  current.scale = max(1, readBits(5));
  current.packetStart = current.address;
  if (readBits(1) === 0) return;
  while (readBits(1) && !isPastEnd());
  skipBits(1 + vop.timeBits + 1 + 2 + 3);
}

/** Reads the header of a group of blocks, if one begins here; ITU-T H.263 §5.2. */
function readGroupHeader(): void {
  if (peekBits() >>> 16 !== 0) return;
  skipBits(16);
  while (readBits(1) === 0) if (isPastEnd()) return;
  if (readBits(5) * vop.groupRows !== current.row + 1) damage();
  skipBits(2);
  current.scale = max(1, readBits(5));
}

/** Decodes up to `count` macroblocks of the picture. */
export function decodeMacroblocks(count: i32): i32 {
  const macroblocks = picture.width * picture.height;
  for (let i: i32 = 0; i < count; i++) {
    if (current.address === macroblocks) return DONE;
    if (current.address > 0) {
      if (vop.isH263 === 0 && vop.hasPackets) readPacketHeader();
      if (vop.isH263 && current.address % (picture.width * vop.groupRows) === 0) readGroupHeader();
    }
    decodeMacroblock();
    if (picture.isDamaged || isPastEnd()) return DAMAGED;
    picture.decodedMacroblocks++;
    current.address++;
  }
  return MORE;
}
