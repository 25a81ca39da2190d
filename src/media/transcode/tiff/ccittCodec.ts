/**
 * Decodes the fax codings of bilevel TIFFs: modified Huffman (compression 2), Group 3 of one or two dimensions (3) and
 * Group 4 (4); ITU-T T.4 and T.6, TIFF 6.0 §10 and §11. A row of bits is 0 where it is white.
 */
import {
  ccittRows,
  DAMAGED_FAX,
  MoreInputError,
  type BitReader,
  type CcittOptions,
  type Changes,
} from "./ccittRows.ts";
import type { SegmentInput } from "./segmentInput.ts";
import type { TiffCodec } from "./tiffCodecs.ts";

/** A row of 65,535 pixels that alternate takes 37 KB. More input without a row is damage. */
const MAX_ROW_BYTES = 64 * 1024;

const reversedBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  Array.from({ length: 8 }, (__, bit) => ((byte >> bit) & 1) << (7 - bit)).reduce((sum, bit) => sum | bit),
);

/** Sets the bits of the black pixels. */
function fillRow(row: Uint8Array, changes: Changes, columns: number): void {
  row.fill(0);
  for (let i = 0; i < changes.length; i += 2) {
    const end = changes[i + 1] ?? columns;
    for (let x = changes[i] ?? columns; x < end; x++) row[x >> 3] = (row[x >> 3] ?? 0) | (0x80 >> (x & 7));
  }
}

/** Takes the window of the input and drops the rows before. */
function takeInput(reader: BitReader, input: SegmentInput, isReversed: boolean): void {
  const rest = reader.bytes.subarray(reader.bit >> 3);
  const next = input.bytes.subarray(input.position);
  const joined = new Uint8Array(rest.length + next.length);
  joined.set(rest);
  joined.set(isReversed ? next.map((byte) => reversedBytes[byte] ?? 0) : next, rest.length);
  reader.bytes = joined;
  reader.bit &= 7;
  input.position = input.bytes.length;
}

/** Starts a decoder, which holds two rows and the input of one. */
export function ccittCodec(options: CcittOptions): TiffCodec {
  const { columns, isReversed } = options;
  const reader: BitReader = { bytes: new Uint8Array(), bit: 0 };
  const readChanges = ccittRows(reader, options);
  const row = new Uint8Array(Math.ceil(columns / 8));
  let rowAt = row.length;
  let above: Changes = [];

  /** Returns false where the input ends within the row. */
  function readRow(): boolean {
    const start = reader.bit;
    try {
      above = readChanges(above);
    } catch (error) {
      if (!(error instanceof MoreInputError)) throw error;
      reader.bit = start;
      if (reader.bytes.length - (start >> 3) > MAX_ROW_BYTES) throw new Error(DAMAGED_FAX, { cause: error });
      return false;
    }
    fillRow(row, above, columns);
    rowAt = 0;
    return true;
  }

  return {
    decode: (input, output, start) => {
      let at = start;
      if (input.position < input.bytes.length) takeInput(reader, input, isReversed);
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
