/** Reads fields of any bit width from H.264 and H.265 headers. Throws a RangeError past the end. */

export interface BitReader {
  /** Reads an unsigned integer of at most 32 bits. */
  read(count: number): number;
  skip(count: number): void;
  /** Reads ue(v): n leading zeros, then n + 1 bits; ISO/IEC 14496-10 §9.1. */
  readExpGolomb(): number;
  readSignedExpGolomb(): number;
  readFlag(): boolean;
  /** Number of bits that were read or skipped. */
  position(): number;
}

/** Creates a reader at the first bit of `bytes`. */
export function bitReader(bytes: Uint8Array): BitReader {
  let at = 0;
  const bit = (): number => {
    const byte = bytes[at >> 3];
    if (byte === undefined) throw new RangeError("the header is truncated");
    return (byte >> (7 - (at++ & 7))) & 1;
  };
  const read = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + bit();
    return value;
  };
  const readExpGolomb = (): number => {
    let zeros = 0;
    while (bit() === 0) if (++zeros > 32) throw new RangeError("an Exp-Golomb code in the header exceeds 32 bits");
    return 2 ** zeros - 1 + read(zeros);
  };
  return {
    read,
    readExpGolomb,
    skip: (count) => {
      at += count;
    },
    readSignedExpGolomb: () => {
      const value = readExpGolomb();
      return value % 2 === 1 ? (value + 1) / 2 : 0 - value / 2;
    },
    readFlag: () => bit() === 1,
    position: () => at,
  };
}

/** Removes the emulation prevention bytes (00 00 03) of a NAL unit. */
export function removeEmulationPrevention(unit: Uint8Array): Uint8Array {
  const plain = new Uint8Array(unit.length);
  let filled = 0;
  let zeros = 0;
  for (const byte of unit) {
    const isEmulationPrevention = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    if (!isEmulationPrevention) plain[filled++] = byte;
  }
  return plain.subarray(0, filled);
}

/** Yields the units of an elementary stream, each without its start code 00 00 01. */
export function* startCodeUnits(bytes: Uint8Array): Generator<Uint8Array> {
  let start = -1;
  for (let at = bytes.indexOf(1); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (at < 2 || bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue;
    if (start >= 0) yield bytes.subarray(start, at - 2);
    start = at + 1;
  }
  if (start >= 0) yield bytes.subarray(start);
}
