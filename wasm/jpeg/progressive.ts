/** Decodes blocks of the scans of a progressive JPEG; T.81 §G.1.2 and §G.2. */
import { readBlock, readDc } from "./baseline";
import { Component } from "./component";
import { coefficientAt, readSymbol } from "./huffman";
import { input, readBits, readNumber, refill, skipBits } from "./input";

/** First and last zigzag index of the scan, and the bit positions of the previous scan and of this one. */
@unmanaged
export class Scan {
  first: i32;
  last: i32;
  high: i32;
  low: i32;
  isProgressive: i32;
  /** Blocks that have no more new coefficients in this scan. */
  endOfBandRun: i32;
}

export const scan = changetype<Scan>(memory.data(offsetof<Scan>(), 16));

/** Kept coefficients of a block, and its bits of coefficients that aren't zero. */
const scratch: usize = memory.data(160, 16);

function place(component: Component, block: usize, index: i32, value: i32): void {
  const at = <usize>load<u8>(component.places + index);
  if (at < 64) store<i16>(block + (at << 1), <i16>value);
}

/** Decodes all coefficients of a block at once. */
function readWhole(component: Component, block: usize, history: usize): void {
  for (let at: usize = 0; at < 144; at += 16) v128.store(scratch + at, i32x4.splat(0));
  const last = readBlock(component, scratch);
  const kept: usize = (<usize>(component.keptColumns * component.keptRows)) << 1;
  memory.copy(block, scratch, kept);
  store<u64>(history, (<u64>1) << last);
}

function readDcScan(component: Component, block: usize): void {
  if (scan.high === 0) store<i16>(block, <i16>(readDc(component) << scan.low));
  else store<i16>(block, <i16>(load<i16>(block) | (readBits(1) << scan.low)));
}

/** A code with size 0 and a run below 15 ends the band of this block and of the following ones. */
function startRun(run: i32): void {
  scan.endOfBandRun = (1 << run) + readBits(run);
}

function readFirstBand(component: Component, block: usize, history: usize): void {
  if (scan.endOfBandRun > 0) {
    scan.endOfBandRun--;
    return;
  }
  const table = component.acTable;
  let known = load<u64>(history);
  for (let index = scan.first; index <= scan.last; index++) {
    if (input.count < 32) refill();
    const entry = coefficientAt(table, input.bits);
    let value = entry >> 16;
    let run = (entry >> 8) & 255;
    if (entry !== 0) skipBits(entry & 255);
    else {
      const symbol = readSymbol(table);
      const size = symbol & 15;
      run = symbol >> 4;
      if (size === 0 && run < 15) {
        startRun(run);
        scan.endOfBandRun--;
        break;
      }
      value = readNumber(size);
    }
    index += run;
    if (index > 63) break;
    if (value !== 0) {
      place(component, block, index, value << scan.low);
      known |= (<u64>1) << index;
    } else if (entry !== 0) index--;
  }
  store<u64>(history, known);
}

/** Reads one more bit of a coefficient; its sign tells the direction. */
function correct(component: Component, block: usize, index: i32): void {
  if (readBits(1) === 0) return;
  const at = <usize>load<u8>(component.places + index);
  if (at >= 64) return;
  const value: i32 = load<i16>(block + (at << 1));
  store<i16>(block + (at << 1), <i16>(value < 0 ? value - (1 << scan.low) : value + (1 << scan.low)));
}

/** Corrects the coefficients from `index` and skips `zeros` others; returns the index of the next other one. */
function correctUntil(component: Component, block: usize, bits: u64, index: i32, zeros: i32): i32 {
  for (; index <= scan.last; index++) {
    if (((bits >> index) & 1) !== 0) correct(component, block, index);
    else if (zeros-- === 0) break;
  }
  return index;
}

/** Corrects the coefficients from `index` to the end of the band. */
function correctRest(component: Component, block: usize, bits: u64, index: i32): void {
  if (index > 63) return;
  let rest = (bits >> index) << index;
  while (rest !== 0) {
    const next = <i32>ctz<u64>(rest);
    if (next > scan.last) return;
    correct(component, block, next);
    rest &= rest - 1;
  }
}

function readRefinement(component: Component, block: usize, history: usize): void {
  const before = load<u64>(history);
  let bits = before;
  let index = scan.first;
  while (scan.endOfBandRun === 0 && index <= scan.last) {
    const symbol = readSymbol(component.acTable);
    const run = (symbol >> 4) & 15;
    const size = symbol & 15;
    if (size === 0 && run < 15) {
      startRun(run);
      break;
    }
    const isPositive = size === 0 || readBits(1) === 1;
    index = correctUntil(component, block, before, index, run);
    if (size > 0 && index <= scan.last) {
      place(component, block, index, isPositive ? 1 << scan.low : -1 << scan.low);
      bits |= (<u64>1) << index;
    }
    index++;
  }
  if (scan.endOfBandRun > 0) {
    correctRest(component, block, before, index);
    scan.endOfBandRun--;
  }
  store<u64>(history, bits);
}

/** Decodes the part of a block that is in the scan. */
export function readScanBlock(component: Component, block: usize, history: usize): void {
  if (scan.isProgressive === 0) readWhole(component, block, history);
  else if (scan.first === 0) readDcScan(component, block);
  else if (scan.high === 0) readFirstBand(component, block, history);
  else readRefinement(component, block, history);
}
