/** The entropy-coded data of a sequential JPEG scan, read block by block as quantized coefficients. T.81 annex F.2. */
import { CutShort } from "./encodedJpeg.ts";
import type { ForwardBytes } from "../forwardReader.ts";
import type { HuffmanTable } from "./jpegTables.ts";

/** For every 16 bits that can come next: the symbol they begin with, × 32 + how many bits it took. */
export type HuffmanLookup = Uint16Array;

export function lookupOf({ counts, symbols }: HuffmanTable): HuffmanLookup {
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
  /** Coefficients in zigzag order into `levels`, all 64; answers the place of the last that is not 0. */
  readBlock(dc: HuffmanLookup, ac: HuffmanLookup, previousDc: number, levels: Int32Array): number;
  /** Goes past the marker of a restart, which ends on a whole byte. */
  restart(): void;
}

interface BitReader {
  take: (count: number) => number;
  symbol: (lookup: HuffmanLookup) => number;
  reset: () => void;
}

function bitReader(forward: ForwardBytes): BitReader {
  let held = 0;
  let heldBits = 0;
  /** Bits made up behind the end: a code may be looked for in them, but not read from them. */
  let madeUp = 0;

  /** A byte of ones is followed by a zero; with anything else it is a marker, behind which nothing is read. */
  function fill(): void {
    while (heldBits <= 16) {
      const { bytes, at } = forward;
      const byte = bytes[at];
      if (byte === undefined || (byte === 0xff && bytes[at + 1] !== 0)) {
        held = held << 8;
        madeUp += 8;
      } else {
        held = (held << 8) | byte;
        forward.at += byte === 0xff ? 2 : 1;
      }
      heldBits += 8;
    }
  }

  function take(count: number): number {
    if (count === 0) return 0;
    if (heldBits < count) fill();
    heldBits -= count;
    if (heldBits < madeUp) throw new CutShort("the JPEG is cut short, or its data is broken");
    return (held >>> heldBits) & ((1 << count) - 1);
  }

  function symbol(lookup: HuffmanLookup): number {
    if (heldBits < 16) fill();
    const found = lookup[(held >>> (heldBits - 16)) & 0xffff] ?? 0;
    if (found === 0) throw new CutShort("the JPEG's data is broken");
    take(found & 31);
    return found >> 5;
  }

  const reset = () => {
    [held, heldBits, madeUp] = [0, 0, 0];
  };
  return { take, symbol, reset };
}

export function scanReader(forward: ForwardBytes): ScanReader {
  const { take, symbol, reset } = bitReader(forward);

  /** T.81 F.2.2.1: a number whose first bit is 0 is negative. */
  function number(length: number): number {
    const value = take(length);
    return length > 0 && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  return {
    readBlock: (dc, ac, previousDc, levels) => {
      levels.fill(0);
      levels[0] = previousDc + number(symbol(dc) & 15);
      let last = 0;
      for (let at = 1; at < 64; at++) {
        const code = symbol(ac);
        const length = code & 15;
        if (length === 0 && code !== 0xf0) break;
        at += code >> 4;
        if (length === 0) continue;
        if (at > 63) throw new CutShort("the JPEG's data is broken");
        levels[at] = number(length);
        last = at;
      }
      return last;
    },
    restart: () => {
      reset();
      while (forward.at < forward.bytes.length) {
        const isRestart = forward.bytes[forward.at] === 0xff && ((forward.bytes[forward.at + 1] ?? 0) & 0xf8) === 0xd0;
        forward.at += isRestart ? 2 : 1;
        if (isRestart) return;
      }
      throw new CutShort("the JPEG is cut short");
    },
  };
}
