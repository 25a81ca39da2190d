/**
 * Decoders of TIFF's byte-oriented compressions. Each keeps its state between calls, so that neither input nor output
 * is in memory as a whole.
 */
import type { SegmentInput } from "./segmentInput.ts";

export interface TiffCodec {
  /**
   * Decodes from `input` into `output` from `at`, and returns the new position. It is less than `output.length` if the
   * window is empty or the data has ended.
   */
  decode(input: SegmentInput, output: Uint8Array, at: number): number;
}

/** Copies uncompressed bytes. */
export function storedCodec(): TiffCodec {
  return {
    decode: (input, output, at) => {
      const taken = input.bytes.subarray(input.position, input.position + output.length - at);
      output.set(taken, at);
      input.position += taken.length;
      return at + taken.length;
    },
  };
}

/** TIFF 6.0 §9. A run may cross windows and rows. */
export function packBitsCodec(): TiffCodec {
  let literals = 0;
  let repeats = 0;
  const stored = storedCodec();

  function decodeRun(input: SegmentInput, output: Uint8Array, at: number): number {
    if (repeats > 0) {
      const value = input.bytes[input.position] ?? 0;
      const end = Math.min(output.length, at + repeats);
      output.fill(value, at, end);
      repeats -= end - at;
      // The repeated byte is consumed with the last copy.
      if (repeats === 0) input.position++;
      return end;
    }
    const end = stored.decode(input, output.subarray(0, at + literals), at);
    literals -= end - at;
    return end;
  }

  return {
    decode: (input, output, start) => {
      let at = start;
      while (at < output.length && input.position < input.bytes.length) {
        if (literals > 0 || repeats > 0) at = decodeRun(input, output, at);
        else {
          const head = input.bytes[input.position++] ?? 128;
          if (head < 128) literals = head + 1;
          else if (head > 128) repeats = 257 - head;
        }
      }
      return at;
    },
  };
}

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const MAX_CODES = 4096;

interface LzwTable {
  /** Defines `code` as the text of `prefix` and the first byte of the text of `following`. */
  define(code: number, prefix: number, following: number): void;
  /** Writes the text of a code, and returns its length. */
  write(code: number, text: Uint8Array): number;
}

/** A code's text is its prefix's text and one byte more. */
function lzwTable(): LzwTable {
  const prefixes = new Uint16Array(MAX_CODES);
  const suffixes = new Uint8Array(MAX_CODES);
  const firsts = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  for (let byte = 0; byte < CLEAR; byte++) {
    suffixes[byte] = byte;
    firsts[byte] = byte;
    lengths[byte] = 1;
  }
  return {
    define: (code, prefix, following) => {
      prefixes[code] = prefix;
      firsts[code] = firsts[prefix] ?? 0;
      // A code that is defined by its own use ends with its first byte.
      suffixes[code] = firsts[following] ?? 0;
      lengths[code] = (lengths[prefix] ?? 0) + 1;
    },
    write: (code, text) => {
      const length = lengths[code] ?? 0;
      let from = code;
      for (let at = length - 1; at >= 0; at--) {
        text[at] = suffixes[from] ?? 0;
        from = prefixes[from] ?? 0;
      }
      return length;
    },
  };
}

/** TIFF 6.0 §13: codes of 9 to 12 bits, most significant first, growing one code earlier than GIF's. */
export function lzwCodec(): TiffCodec {
  const table = lzwTable();
  /** The text of the last code, and its part that is still to be written. */
  const text = new Uint8Array(MAX_CODES);
  let [textAt, textEnd] = [0, 0];
  let [next, width, pending, pendingBits, last] = [FIRST_FREE, 9, 0, 0, -1];
  let hasEnded = false;

  /** Returns -1 when the window is empty. */
  function readCode(input: SegmentInput): number {
    while (pendingBits < width) {
      const byte = input.bytes[input.position];
      if (byte === undefined) return -1;
      input.position++;
      pending = ((pending << 8) | byte) & 0xffffff;
      pendingBits += 8;
    }
    pendingBits -= width;
    return (pending >> pendingBits) & ((1 << width) - 1);
  }

  function handleCode(code: number): void {
    if (code === END) hasEnded = true;
    else if (code === CLEAR) [next, width, last] = [FIRST_FREE, 9, -1];
    else {
      if (code > next || (code === next && last < 0)) throw new Error("the TIFF's LZW data is damaged");
      if (last >= 0 && next < MAX_CODES) table.define(next++, last, code);
      [textAt, textEnd, last] = [0, table.write(code, text), code];
      if (next >= (1 << width) - 1 && width < 12) width++;
    }
  }

  return {
    decode: (input, output, start) => {
      let at = start;
      while (at < output.length) {
        const count = Math.min(textEnd - textAt, output.length - at);
        for (let i = 0; i < count; i++) output[at + i] = text[textAt + i] ?? 0;
        at += count;
        textAt += count;
        if (at === output.length) return at;
        const code = hasEnded ? -1 : readCode(input);
        if (code < 0) return at;
        handleCode(code);
      }
      return at;
    },
  };
}
