/**
 * Decodes the fax codings of bilevel TIFFs: modified Huffman (compression 2), Group 3 of one or two dimensions (3) and
 * Group 4 (4); ITU-T T.4 and T.6, TIFF 6.0 §10 and §11. A row of bits is 0 where it is white.
 */
import { ccittTables, CODE_BITS, MODES, type CodeTable } from "./ccittCodes.ts";
import type { SegmentInput } from "./segmentInput.ts";
import type { TiffCodec } from "./tiffCodecs.ts";

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
/** A row of 65,535 pixels that alternate takes 37 KB. More input without a row is damage. */
const MAX_ROW_BYTES = 64 * 1024;
const DAMAGED = "the TIFF's fax data is damaged";

/** Thrown where a row continues after the buffered input. */
class MoreInputError extends Error {}

const reversedBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  Array.from({ length: 8 }, (__, bit) => ((byte >> bit) & 1) << (7 - bit)).reduce((sum, bit) => sum | bit),
);

interface BitReader {
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
    throw new Error(DAMAGED);
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
    if (length > 0xffff) throw new Error(DAMAGED);
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
type Changes = number[];

/** The first change of the row above beyond `at` to the colour that follows `isBlack`; T.4 §4.2.1.1. */
function changeAbove(above: Changes, at: number, isBlack: boolean, columns: number, from: number): number {
  let index = from;
  while (index > 0 && (above[index - 1] ?? columns) > at) index--;
  while (index < above.length && ((above[index] ?? columns) <= at || index % 2 !== (isBlack ? 1 : 0))) index++;
  return index;
}

/** Starts a decoder, which holds two rows and the input of one. */
export function ccittCodec({ coding, columns, isTwoDimensional, isReversed }: CcittOptions): TiffCodec {
  const { runs, modes } = ccittTables();
  const reader: BitReader = { bytes: new Uint8Array(), bit: 0 };
  const row = new Uint8Array(Math.ceil(columns / 8));
  let rowAt = row.length;
  let above: Changes = [];

  function readOneDimension(): Changes {
    const changes: Changes = [];
    for (let at = 0, isBlack = false; at < columns; isBlack = !isBlack) {
      at += readRun(reader, runs[isBlack ? 1 : 0]);
      if (at > columns) throw new Error(DAMAGED);
      changes.push(at);
    }
    return changes;
  }

  function readTwoDimensions(): Changes {
    const changes: Changes = [];
    // The row begins before its first pixel: a change there counts.
    let [at, isBlack, index] = [-1, false, 0];
    while (at < columns) {
      const mode = readCode(reader, modes);
      index = changeAbove(above, at, isBlack, columns, index);
      if (mode === MODES.pass) {
        at = above[index + 1] ?? columns;
      } else if (mode === MODES.horizontal) {
        const first = Math.max(at, 0) + readRun(reader, runs[isBlack ? 1 : 0]);
        at = first + readRun(reader, runs[isBlack ? 0 : 1]);
        changes.push(first, at);
      } else {
        const next = (above[index] ?? columns) + mode;
        if (next < Math.max(at, 0)) throw new Error(DAMAGED);
        at = next;
        changes.push(at);
        isBlack = !isBlack;
      }
      if (at > columns) throw new Error(DAMAGED);
    }
    return changes;
  }

  function readChanges(): Changes {
    if (coding === "g4") return readTwoDimensions();
    if (coding === "mh") {
      const changes = readOneDimension();
      reader.bit = (reader.bit + 7) & ~7;
      return changes;
    }
    const hasTag = skipEndOfLine(reader) && isTwoDimensional;
    if (!hasTag) return readOneDimension();
    const isOneDimensional = peek(reader, 1) === 1;
    skip(reader, 1);
    return isOneDimensional ? readOneDimension() : readTwoDimensions();
  }

  function fillRow(changes: Changes): void {
    row.fill(0);
    for (let i = 0; i < changes.length; i += 2) {
      const end = changes[i + 1] ?? columns;
      for (let x = changes[i] ?? columns; x < end; x++) row[x >> 3] = (row[x >> 3] ?? 0) | (0x80 >> (x & 7));
    }
  }

  /** Returns false where the input ends within the row. */
  function readRow(): boolean {
    const start = reader.bit;
    try {
      above = readChanges();
    } catch (error) {
      if (!(error instanceof MoreInputError)) throw error;
      reader.bit = start;
      if (reader.bytes.length - (start >> 3) > MAX_ROW_BYTES) throw new Error(DAMAGED, { cause: error });
      return false;
    }
    fillRow(above);
    rowAt = 0;
    return true;
  }

  /** Takes the window of the input and drops the rows before. */
  function takeInput(input: SegmentInput): void {
    const rest = reader.bytes.subarray(reader.bit >> 3);
    const next = input.bytes.subarray(input.position);
    const joined = new Uint8Array(rest.length + next.length);
    joined.set(rest);
    joined.set(isReversed ? next.map((byte) => reversedBytes[byte] ?? 0) : next, rest.length);
    reader.bytes = joined;
    reader.bit &= 7;
    input.position = input.bytes.length;
  }

  return {
    decode: (input, output, start) => {
      let at = start;
      if (input.position < input.bytes.length) takeInput(input);
      while (at < output.length) {
        if (rowAt === row.length && !readRow()) return at;
        const part = row.subarray(rowAt, rowAt + output.length - at);
        output.set(part, at);
        at += part.length;
        rowAt += part.length;
      }
      return at;
    },
  };
}
