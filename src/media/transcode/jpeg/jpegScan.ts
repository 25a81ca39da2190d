/** Reads the entropy-coded data of a sequential JPEG scan block by block; T.81 §F.2. */
import { TruncatedFileError } from "./encodedJpeg.ts";
import type { ForwardReader } from "../forwardReader.ts";
import type { HuffmanTable } from "./jpegTables.ts";

/** Indexed by the next 16 bits; an entry is symbol × 32 + code length. */
export type HuffmanLookup = Uint16Array;

export const HUFFMAN_LOOKUP_BYTES = 2 * (1 << 16);

/** Expands a Huffman table to a lookup by 16 bits. */
export function buildLookup({ counts, symbols }: HuffmanTable): HuffmanLookup {
  const lookup = new Uint16Array(1 << 16);
  let code = 0;
  let at = 0;
  counts.forEach((count, index) => {
    const length = index + 1;
    for (let left = count; left > 0 && code < 1 << length; left--) {
      const first = code << (16 - length);
      lookup.fill((symbols[at++] ?? 0) * 32 + length, first, first + (1 << (16 - length)));
      code++;
    }
    code *= 2;
  });
  return lookup;
}

export interface ScanReader {
  /** Reads 64 coefficients in zigzag order and returns the index of the last non-zero one. */
  readBlock(dc: HuffmanLookup, ac: HuffmanLookup, previousDc: number, coefficients: Int32Array): number;
  /** Skips to the byte after the next restart marker. */
  skipRestartMarker(): void;
}

interface BitReader {
  readBits: (count: number) => number;
  readSymbol: (lookup: HuffmanLookup) => number;
  reset: () => void;
}

function bitReader(reader: ForwardReader): BitReader {
  let pending = 0;
  let pendingBits = 0;
  /** Zero bits added past the end: they may complete a code lookup but must not be consumed. */
  let paddingBits = 0;

  /** 0xff followed by 0 is a stuffed byte; followed by anything else it is a marker that ends the data. */
  function fill(): void {
    while (pendingBits <= 16) {
      const { bytes, position } = reader;
      const byte = bytes[position];
      if (byte === undefined || (byte === 0xff && bytes[position + 1] !== 0)) {
        pending = pending << 8;
        paddingBits += 8;
      } else {
        pending = (pending << 8) | byte;
        reader.position += byte === 0xff ? 2 : 1;
      }
      pendingBits += 8;
    }
  }

  function readBits(count: number): number {
    if (count === 0) return 0;
    if (pendingBits < count) fill();
    pendingBits -= count;
    if (pendingBits < paddingBits) throw new TruncatedFileError("the JPEG is truncated or damaged");
    return (pending >>> pendingBits) & ((1 << count) - 1);
  }

  function readSymbol(lookup: HuffmanLookup): number {
    if (pendingBits < 16) fill();
    const entry = lookup[(pending >>> (pendingBits - 16)) & 0xffff] ?? 0;
    if (entry === 0) throw new TruncatedFileError("the JPEG is damaged");
    readBits(entry & 31);
    return entry >> 5;
  }

  const reset = () => {
    [pending, pendingBits, paddingBits] = [0, 0, 0];
  };
  return { readBits, readSymbol, reset };
}

/**
 * Creates a reader of blocks. Callers keep enough of the file buffered in `reader`. Throws `TruncatedFileError` for
 * damaged data.
 */
export function scanReader(reader: ForwardReader): ScanReader {
  const { readBits, readSymbol, reset } = bitReader(reader);

  /** A number whose first bit is 0 is negative; T.81 §F.2.2.1. */
  function readNumber(length: number): number {
    const value = readBits(length);
    return length > 0 && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  return {
    readBlock: (dc, ac, previousDc, coefficients) => {
      coefficients.fill(0);
      coefficients[0] = previousDc + readNumber(readSymbol(dc) & 15);
      let last = 0;
      for (let at = 1; at < 64; at++) {
        const code = readSymbol(ac);
        const length = code & 15;
        if (length === 0 && code !== 0xf0) break;
        at += code >> 4;
        if (length === 0) continue;
        if (at > 63) throw new TruncatedFileError("the JPEG is damaged");
        coefficients[at] = readNumber(length);
        last = at;
      }
      return last;
    },
    skipRestartMarker: () => {
      reset();
      while (reader.position < reader.bytes.length) {
        const isRestart =
          reader.bytes[reader.position] === 0xff && ((reader.bytes[reader.position + 1] ?? 0) & 0xf8) === 0xd0;
        reader.position += isRestart ? 2 : 1;
        if (isRestart) return;
      }
      throw new TruncatedFileError("the JPEG is truncated");
    },
  };
}
