/** Decodes the LZW data of a GIF frame to rows of colour indexes; GIF89a appendix F. */

/** Codes have at most 12 bits. */
const MAX_CODES = 4096;
const MAX_CODE_BITS = 12;

/** Takes a row of colour indexes, which is valid until the next one. */
export type UseIndexes = (row: Uint8Array) => void;

export interface LzwRows {
  /** Decodes the next bytes. Returns false after the end of the data, or when it is damaged. */
  push(bytes: Uint8Array): boolean;
}

/** The strings of the codes: a code's string is that of its prefix and one more index. */
interface Strings {
  prefix: Uint16Array;
  last: Uint8Array;
  first: Uint8Array;
  length: Uint16Array;
}

function createStrings(literals: number): Strings {
  const strings = {
    prefix: new Uint16Array(MAX_CODES),
    last: new Uint8Array(MAX_CODES),
    first: new Uint8Array(MAX_CODES),
    length: new Uint16Array(MAX_CODES),
  };
  for (let code = 0; code < literals; code++) {
    strings.last[code] = code;
    strings.first[code] = code;
    strings.length[code] = 1;
  }
  return strings;
}

/** Collects indexes to rows of `width`. */
function rowFiller(width: number, use: UseIndexes): (string: Uint8Array) => void {
  const row = new Uint8Array(width);
  let filled = 0;
  return (string) => {
    for (let at = 0; at < string.length;) {
      const part = string.subarray(at, at + width - filled);
      row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < width) continue;
      use(row);
      filled = 0;
    }
  };
}

/** Starts a decoder. `literalBits` is the first byte of the data, 1 to 8. */
export function lzwRows(literalBits: number, width: number, use: UseIndexes): LzwRows {
  const clearCode = 1 << literalBits;
  const endCode = clearCode + 1;
  const { prefix, last, first, length } = createStrings(clearCode);
  const fill = rowFiller(width, use);
  const string = new Uint8Array(MAX_CODES + 1);
  let [next, codeBits, previous] = [endCode + 1, literalBits + 1, -1];
  let [bits, count] = [0, 0];

  function emit(code: number): void {
    const size = length[code] ?? 0;
    for (let at = size - 1, rest = code; at >= 0; at--) {
      string[at] = last[rest] ?? 0;
      rest = prefix[rest] ?? 0;
    }
    fill(string.subarray(0, size));
  }

  /** Adds the string of the previous code and the index `suffix`. */
  function add(suffix: number): void {
    if (next >= MAX_CODES) return;
    prefix[next] = previous;
    last[next] = suffix;
    first[next] = first[previous] ?? 0;
    length[next] = (length[previous] ?? 0) + 1;
    next++;
    if (next === 1 << codeBits && codeBits < MAX_CODE_BITS) codeBits++;
  }

  /** Returns false for the end code and for codes that no string has. */
  function take(code: number): boolean {
    if (code === clearCode) {
      [next, codeBits, previous] = [endCode + 1, literalBits + 1, -1];
      return true;
    }
    if (code === endCode || code > next || (code === next && previous < 0)) return false;
    // The code of the string that it completes itself: the previous one and its first index.
    if (previous >= 0) add(first[code === next ? previous : code] ?? 0);
    if ((length[code] ?? 0) === 0) return false;
    emit(code);
    previous = code;
    return true;
  }

  return {
    push: (bytes) => {
      for (const byte of bytes) {
        bits |= byte << count;
        count += 8;
        while (count >= codeBits) {
          const code = bits & ((1 << codeBits) - 1);
          bits >>>= codeBits;
          count -= codeBits;
          if (!take(code)) return false;
        }
      }
      return true;
    },
  };
}
