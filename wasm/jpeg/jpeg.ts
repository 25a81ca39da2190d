/**
 * Decodes the entropy-coded data of JPEG (ITU-T T.81: baseline, extended sequential and progressive with Huffman codes)
 * to pixels of a reduced size. The caller reads the segments, lays out the memory and feeds the data in pieces.
 */
import { readBlock } from "./baseline";
import { component, Component, componentAt } from "./component";
import { convertRow } from "./colour";
import { buildTable, huffmanTableBytes } from "./huffman";
import { FOUND, input, isExhausted, NEEDS_MORE, resetInput, resynchronize, skipRestartMarker } from "./input";
import { readScanBlock, scan } from "./progressive";
import { setZigzag, transformBlock } from "./transform";

export { buildTable, componentAt, convertRow, huffmanTableBytes, setZigzag };

/** Results of `continueRow` and `continueScanRow`. */
const ROW_DONE: i32 = 0;
const NEEDS_INPUT: i32 = 1;
const DAMAGED: i32 = 2;

/** More than an MCU of ten blocks, whose coefficients take at most 31 bits each, with stuffed bytes. */
const MCU_MAX_BYTES: usize = 8192;

/** The scan in progress. */
let componentCount: i32 = 0;
/** Components of the scan, four bits each. */
let scanComponents: i32 = 0;
let columns: i32 = 0;
let restartInterval: i32 = 0;
let mcusToRestart: i32 = 0;
let restarts: i32 = 0;
let column: i32 = 0;
let isLastInput: bool = false;

/** Damage is passed over: blocks without data are grey. Otherwise it ends the decoding. */
let isTolerant: bool = false;
/** Whether the rest of the interval has no data. */
let isMissing: bool = false;
/** MCUs of the scan without data, and those with codes that their table lacks. */
let missing: i32 = 0;
let damaged: i32 = 0;

const block: usize = memory.data(160, 16);

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

/** Announces the data between two addresses. `isLast` is 1 if nothing follows. */
export function setInput(position: i32, end: i32, isLast: i32): void {
  input.position = position;
  input.end = end;
  isLastInput = isLast !== 0;
}

/** Address of the first byte that isn't buffered. */
export function inputPosition(): i32 {
  return <i32>input.position;
}

/** Starts a scan with `columns` MCUs in a row. Components are indexes of four bits each, the first one lowest. */
export function startScan(count: i32, indexes: i32, mcuColumns: i32, restartMcus: i32): void {
  componentCount = count;
  scanComponents = indexes;
  columns = mcuColumns;
  restartInterval = restartMcus;
  mcusToRestart = restartMcus;
  restarts = 0;
  column = 0;
  input.isDamaged = 0;
  missing = 0;
  damaged = 0;
  startInterval();
}

export function setTolerance(tolerant: i32): void {
  isTolerant = tolerant !== 0;
}

export function missingMcus(): i32 {
  return missing;
}

export function damagedMcus(): i32 {
  return damaged;
}

/** The coefficients that the scan has; T.81 §G.1.1.1. `isProgressive` is 0 for sequential scans. */
export function setBand(isProgressive: i32, first: i32, last: i32, high: i32, low: i32): void {
  scan.isProgressive = isProgressive;
  scan.first = first;
  scan.last = last;
  scan.high = high;
  scan.low = low;
}

function startInterval(): void {
  resetInput();
  isMissing = false;
  scan.endOfBandRun = 0;
  for (let i: i32 = 0; i < componentCount; i++) scanComponent(i).dc = 0;
}

function scanComponent(index: i32): Component {
  return component((scanComponents >> (4 * index)) & 15);
}

/** Starts the interval after a restart marker. */
function restart(): i32 {
  let found: i32 = FOUND;
  if (isTolerant) found = resynchronize(restarts & 7);
  else if (!skipRestartMarker(restarts & 7)) return DAMAGED;
  if (found === NEEDS_MORE && !isLastInput) return NEEDS_INPUT;
  restarts++;
  mcusToRestart = restartInterval;
  startInterval();
  isMissing = found !== FOUND;
  return ROW_DONE;
}

/** Prepares the next MCU: a restart marker may precede it. */
function startMcu(): i32 {
  if (!isLastInput && input.end - input.position < MCU_MAX_BYTES) return NEEDS_INPUT;
  if (restartInterval === 0) return ROW_DONE;
  if (mcusToRestart === 0) {
    const state = restart();
    if (state !== ROW_DONE) return state;
  }
  mcusToRestart--;
  return ROW_DONE;
}

/** Checks the MCU that was decoded. */
function endMcu(): i32 {
  if (!isExhausted()) return ROW_DONE;
  if (!isTolerant) return DAMAGED;
  if (input.isDamaged !== 0) damaged++;
  input.isDamaged = 0;
  // Data that ends early is missing up to the next restart marker.
  isMissing = input.count < input.padding;
  if (isMissing) missing++;
  return ROW_DONE;
}

function decodeBlocks(part: Component): void {
  for (let v: i32 = 0; v < part.vertical; v++) {
    let target = part.strip + <usize>(v * part.height * part.stripStride + column * part.horizontal * part.width);
    for (let h: i32 = 0; h < part.horizontal; h++, target += part.width) {
      for (let at: usize = 0; at < 144; at += 16) v128.store(block + at, i32x4.splat(0));
      const last = isMissing ? 0 : readBlock(part, block);
      transformBlock(part, block, last, target);
    }
  }
}

/** Decodes MCUs of a single sequential scan to pixels, until the row is complete or input is needed. */
export function continueRow(): i32 {
  for (; column < columns; column++) {
    const state = startMcu();
    if (state !== ROW_DONE) return state;
    if (isMissing) missing++;
    const wasMissing = isMissing;
    for (let i: i32 = 0; i < componentCount; i++) decodeBlocks(scanComponent(i));
    if (!wasMissing && endMcu() === DAMAGED) return DAMAGED;
  }
  column = 0;
  return ROW_DONE;
}

/** Coefficients of a block of a stored line. */
function storedBlock(part: Component, line: i32, at: i32): usize {
  const index: usize = <usize>(line - part.firstLine) * part.lineStride + at;
  return part.coefficients + index * ((<usize>(part.keptColumns * part.keptRows)) << 1);
}

/** Lines that aren't stored are decoded to learn where the next ones begin. */
function readStored(part: Component, line: i32, at: i32): void {
  const index: usize = <usize>line * part.lineStride + at;
  const isStored = line >= part.firstLine && line < part.endLine;
  readScanBlock(part, isStored ? storedBlock(part, line, at) : block, part.history + (index << 3));
}

function readStoredMcu(row: i32): void {
  if (componentCount === 1) {
    readStored(scanComponent(0), row, column);
    return;
  }
  for (let i: i32 = 0; i < componentCount; i++) {
    const part = scanComponent(i);
    for (let v: i32 = 0; v < part.vertical; v++)
      for (let h: i32 = 0; h < part.horizontal; h++)
        readStored(part, row * part.vertical + v, column * part.horizontal + h);
  }
}

/** Decodes MCUs of row `row` of one of several scans to the stored coefficients. */
export function continueScanRow(row: i32): i32 {
  for (; column < columns; column++) {
    const state = startMcu();
    if (state !== ROW_DONE) return state;
    if (isMissing) {
      missing++;
      continue;
    }
    readStoredMcu(row);
    if (endMcu() === DAMAGED) return DAMAGED;
  }
  column = 0;
  return ROW_DONE;
}

/** Transforms the stored coefficients of an MCU row to pixels. */
export function transformStoredRow(row: i32, count: i32): void {
  for (let i: i32 = 0; i < count; i++) {
    const part = component(i);
    const blockBytes: usize = (<usize>(part.keptColumns * part.keptRows)) << 1;
    for (let v: i32 = 0; v < part.vertical; v++) {
      const line = row * part.vertical + v;
      let history = part.history + ((<usize>line * part.lineStride) << 3);
      let stored = storedBlock(part, line, 0);
      let target = part.strip + <usize>(v * part.height * part.stripStride);
      for (let at: i32 = 0; at < part.lineStride; at++, target += part.width) {
        const last = 63 - <i32>clz<u64>(load<u64>(history) | 1);
        transformBlock(part, stored, last, target);
        history += 8;
        stored += blockBytes;
      }
    }
  }
}
