/** Standard tables of baseline JPEG; ITU-T T.81 annex K. */

/** Row-major index of zigzag position i; T.81 figure A.6. */
export const zigzag = Uint8Array.from(zigzagWalk());

function zigzagWalk(): number[] {
  const cells = Array.from({ length: 64 }, (_, at) => ({ at, x: at % 8, y: Math.floor(at / 8) }));
  const diagonal = (cell: { x: number; y: number }) => cell.x + cell.y;
  // Even diagonals run upwards, odd ones downwards.
  const along = (cell: { x: number; y: number }) => (diagonal(cell) % 2 === 0 ? cell.x : cell.y);
  return cells.sort((a, b) => diagonal(a) - diagonal(b) || along(a) - along(b)).map((cell) => cell.at);
}

/** Tables K.1 and K.2, row by row. */
const luminance = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const chrominance = [
  17,
  18,
  24,
  47,
  99,
  99,
  99,
  99,
  18,
  21,
  26,
  66,
  99,
  99,
  99,
  99,
  24,
  26,
  56,
  99,
  99,
  99,
  99,
  99,
  47,
  66,
  99,
  99,
  99,
  99,
  99,
  99,
  ...Array.from({ length: 32 }, () => 99),
];

/** Scales a table as libjpeg does, for a quality of 1 to 100; 50 is the table itself. */
export function quantization(kind: "luminance" | "chrominance", quality: number): Uint8Array {
  const percent = quality < 50 ? 5000 / quality : 200 - quality * 2;
  const table = kind === "luminance" ? luminance : chrominance;
  return Uint8Array.from(table, (step) => Math.min(255, Math.max(1, Math.round((step * percent) / 100))));
}

export interface HuffmanTable {
  /** Number of codes of 1 to 16 bits, and the symbols in code order, as in a DHT segment. */
  counts: number[];
  symbols: number[];
}

/** Tables K.3 and K.4: symbols are the lengths 0 to 11. */
const dcSymbols = Array.from({ length: 12 }, (_, length) => length);
export const dcLuminance: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: dcSymbols,
};
export const dcChrominance: HuffmanTable = {
  counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  symbols: dcSymbols,
};

/** Appends the remaining run × 16 + length symbols in ascending order. */
function inOrderAfter(first: number[]): number[] {
  const rest: number[] = [];
  for (let run = 0; run < 16; run++) {
    for (let length = 1; length <= 10; length++) rest.push(run * 16 + length);
  }
  return [...first, ...rest.filter((symbol) => !first.includes(symbol))];
}

/** Table K.5. */
export const acLuminance: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
  symbols: inOrderAfter([
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14,
    0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82,
  ]),
};

/** Table K.6. */
export const acChrominance: HuffmanTable = {
  counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
  symbols: inOrderAfter([
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22, 0x32,
    0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16,
    0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
  ]),
};

/** Returns each symbol's code as bits × 32 + length; T.81 annex C. */
export function huffmanCodes({ counts, symbols }: HuffmanTable): Uint32Array {
  const codes = new Uint32Array(256);
  let code = 0;
  let at = 0;
  counts.forEach((count, index) => {
    for (let left = count; left > 0; left--) codes[symbols[at++] ?? 0] = code++ * 32 + index + 1;
    code *= 2;
  });
  return codes;
}
