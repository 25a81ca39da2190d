/** Reads the rows of the fax codings; ITU-T T.4 and T.6. */
import { ccittTables, CODE_BITS, MODES, type CcittTables, type CodeTable } from "./ccittCodes.ts";

export interface CcittOptions {
  coding: "mh" | "g3" | "g4";
  /** Pixels of a row. */
  columns: number;
  /** Group 3: a bit after the end-of-line code tells whether the row has one dimension or two. */
  isTwoDimensional: boolean;
  /** The lowest bit of a byte comes first (FillOrder 2). */
  isReversed: boolean;
}

/** Zeros before the 1 of an end-of-line code. */
const EOL_ZEROS = 11;
export const DAMAGED_FAX = "the TIFF's fax data is damaged";

/** Thrown where a row continues after the buffered input. */
export class MoreInputError extends Error {}

export interface BitReader {
  /** Bytes from the start of the row, and the next bit in them. */
  bytes: Uint8Array;
  bit: number;
}

/** The next bits, at most 16; zeros after the end. */
function peek({ bytes, bit }: BitReader, count: number): number {
  const at = bit >> 3;
  const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  return (word >> (24 - (bit & 7) - count)) & ((1 << count) - 1);
}

function skip(reader: BitReader, count: number): void {
  reader.bit += count;
  if (reader.bit > reader.bytes.length * 8) throw new MoreInputError();
}

function readCode(reader: BitReader, table: CodeTable): number {
  const entry = table[peek(reader, CODE_BITS)] ?? -1;
  if (entry < 0) {
    if (reader.bit + CODE_BITS > reader.bytes.length * 8) throw new MoreInputError();
    throw new Error(DAMAGED_FAX);
  }
  skip(reader, entry & 15);
  return (entry >> 4) - 16;
}

/** Make-up codes precede a terminating code. */
function readRun(reader: BitReader, table: CodeTable): number {
  let length = 0;
  for (;;) {
    const part = readCode(reader, table);
    length += part;
    if (part < 64) return length;
    // A row has at most 65,535 pixels.
    if (length > 0xffff) throw new Error(DAMAGED_FAX);
  }
}

/** Skips fill bits and an end-of-line code, if they are next. */
function skipEndOfLine(reader: BitReader): boolean {
  const start = reader.bit;
  let zeros = 0;
  while (peek(reader, 1) === 0) {
    if (reader.bit >= reader.bytes.length * 8) throw new MoreInputError();
    reader.bit++;
    zeros++;
  }
  if (zeros >= EOL_ZEROS) {
    skip(reader, 1);
    return true;
  }
  reader.bit = start;
  return false;
}

/** Positions where the colour changes; the first one is to black. Even indexes are changes to black. */
export type Changes = number[];

/** The first change of the row above beyond `at` to the colour that follows `isBlack`; T.4 §4.2.1.1. */
function changeAbove(above: Changes, at: number, isBlack: boolean, columns: number, from: number): number {
  let index = from;
  while (index > 0 && (above[index - 1] ?? columns) > at) index--;
  while (index < above.length && ((above[index] ?? columns) <= at || index % 2 !== (isBlack ? 1 : 0))) index++;
  return index;
}

function readOneDimension(reader: BitReader, { runs }: CcittTables, columns: number): Changes {
  const changes: Changes = [];
  for (let at = 0, isBlack = false; at < columns; isBlack = !isBlack) {
    at += readRun(reader, runs[isBlack ? 1 : 0]);
    if (at > columns) throw new Error(DAMAGED_FAX);
    changes.push(at);
  }
  return changes;
}

function readTwoDimensions(reader: BitReader, { runs, modes }: CcittTables, columns: number, above: Changes): Changes {
  const changes: Changes = [];
  // The row begins before its first pixel: a change there counts.
  let [at, isBlack, index] = [-1, false, 0];
  while (at < columns) {
    const mode = readCode(reader, modes);
    index = changeAbove(above, at, isBlack, columns, index);
    if (mode === MODES.pass) at = above[index + 1] ?? columns;
    else if (mode === MODES.horizontal) {
      const first = Math.max(at, 0) + readRun(reader, runs[isBlack ? 1 : 0]);
      at = first + readRun(reader, runs[isBlack ? 0 : 1]);
      changes.push(first, at);
    } else {
      const next = (above[index] ?? columns) + mode;
      if (next < Math.max(at, 0)) throw new Error(DAMAGED_FAX);
      at = next;
      changes.push(at);
      isBlack = !isBlack;
    }
    if (at > columns) throw new Error(DAMAGED_FAX);
  }
  return changes;
}

/**
 * Returns a function that reads the next row, given the one above it. Throws `MoreInputError` where the row continues
 * after the bytes of `reader`.
 */
export function ccittRows(
  reader: BitReader,
  { coding, columns, isTwoDimensional }: CcittOptions,
): (above: Changes) => Changes {
  const tables = ccittTables();
  return (above) => {
    if (coding === "g4") return readTwoDimensions(reader, tables, columns, above);
    if (coding === "mh") {
      const changes = readOneDimension(reader, tables, columns);
      reader.bit = (reader.bit + 7) & ~7;
      return changes;
    }
    const hasTag = skipEndOfLine(reader) && isTwoDimensional;
    const isOneDimensional = !hasTag || peek(reader, 1) === 1;
    if (hasTag) skip(reader, 1);
    return isOneDimensional
      ? readOneDimension(reader, tables, columns)
      : readTwoDimensions(reader, tables, columns, above);
  };
}
