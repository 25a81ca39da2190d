/** Numbers of any width out of the headers of H.264 and H.265, as those count bits. Past the end it throws a RangeError. */

export interface BitReader {
  /** At most 32 bits. */
  take(count: number): number;
  skip(count: number): void;
  /** Exp-Golomb: as many bits again, and one, as there are zeros in front. */
  golomb(): number;
  signedGolomb(): number;
  flag(): boolean;
}

export function bitReader(bytes: Uint8Array): BitReader {
  let at = 0;
  const bit = (): number => {
    const byte = bytes[at >> 3];
    if (byte === undefined) throw new RangeError("the header breaks off");
    return (byte >> (7 - (at++ & 7))) & 1;
  };
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + bit();
    return value;
  };
  const golomb = (): number => {
    let zeros = 0;
    while (bit() === 0) if (++zeros > 32) throw new RangeError("no number of the header has so many bits");
    return 2 ** zeros - 1 + take(zeros);
  };
  return {
    take,
    golomb,
    skip: (count) => {
      at += count;
    },
    signedGolomb: () => {
      const value = golomb();
      return value % 2 === 1 ? (value + 1) / 2 : 0 - value / 2;
    },
    flag: () => bit() === 1,
  };
}

/** What a NAL unit says: without the 3 that keeps two zeros from looking like the start of the next one. */
export function unescaped(unit: Uint8Array): Uint8Array {
  const plain = new Uint8Array(unit.length);
  let filled = 0;
  let zeros = 0;
  for (const byte of unit) {
    const isGuard = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    if (!isGuard) plain[filled++] = byte;
  }
  return plain.subarray(0, filled);
}

/** Where the units of an elementary stream begin: behind each 00 00 01. */
export function* unitsIn(bytes: Uint8Array): Generator<Uint8Array> {
  let start = -1;
  for (let at = bytes.indexOf(1); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (at < 2 || bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue;
    if (start >= 0) yield bytes.subarray(start, at - 2);
    start = at + 1;
  }
  if (start >= 0) yield bytes.subarray(start);
}
