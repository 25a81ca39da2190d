/**
 * Encodes one 8 × 8 block of a baseline JPEG: DCT, quantization, run-length and Huffman coding; T.81 annexes A and F.
 */
import type { BitWriter } from "./bitWriter.ts";
import { huffmanCodes, zigzag, type HuffmanTable } from "./jpegTables.ts";

/** cosines[u * 4 + x] weighs the sum (even u) or difference (odd u) of samples x and 7 - x in coefficient u. */
const cosines = Float64Array.from({ length: 32 }, (_, at) => {
  const u = Math.floor(at / 4);
  const x = at % 4;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Transforms eight samples, `step` apart, in place. */
function transformLine(block: Float64Array, at: number, step: number): void {
  let s0 = block[at] ?? 0;
  let s1 = block[at + step] ?? 0;
  let s2 = block[at + 2 * step] ?? 0;
  let s3 = block[at + 3 * step] ?? 0;
  const s4 = block[at + 4 * step] ?? 0;
  const s5 = block[at + 5 * step] ?? 0;
  const s6 = block[at + 6 * step] ?? 0;
  const s7 = block[at + 7 * step] ?? 0;
  const [d0, d1, d2, d3] = [s0 - s7, s1 - s6, s2 - s5, s3 - s4];
  s0 += s7;
  s1 += s6;
  s2 += s5;
  s3 += s4;
  for (let u = 0; u < 8; u += 2) {
    const even = u * 4;
    const odd = even + 4;
    block[at + u * step] =
      s0 * (cosines[even] ?? 0) +
      s1 * (cosines[even + 1] ?? 0) +
      s2 * (cosines[even + 2] ?? 0) +
      s3 * (cosines[even + 3] ?? 0);
    block[at + (u + 1) * step] =
      d0 * (cosines[odd] ?? 0) +
      d1 * (cosines[odd + 1] ?? 0) +
      d2 * (cosines[odd + 2] ?? 0) +
      d3 * (cosines[odd + 3] ?? 0);
  }
}

export interface Component {
  /** Reciprocals of the quantization steps, row by row. */
  scale: Float64Array;
  dcCodes: Uint32Array;
  acCodes: Uint32Array;
  /** DC coefficient of the previous block. */
  previousDc: number;
}

/** Prepares a colour component from its quantization steps and Huffman tables. */
export function createComponent(steps: Uint8Array, dc: HuffmanTable, ac: HuffmanTable): Component {
  const scale = Float64Array.from(steps, (step) => 1 / step);
  return { scale, dcCodes: huffmanCodes(dc), acCodes: huffmanCodes(ac), previousDc: 0 };
}

function writeCode(writer: BitWriter, code: number): void {
  writer.writeBits(code >>> 5, code & 31);
}

/** Negative numbers are written as one's complement. */
function writeNumber(writer: BitWriter, value: number, length: number): void {
  writer.writeBits(value < 0 ? value + (1 << length) - 1 : value, length);
}

function bitLength(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

const END_OF_BLOCK = 0x00;
const SIXTEEN_ZEROS = 0xf0;
/** The largest value that a baseline table can code. */
const MAX_AC = 1023;

const quantized = new Int32Array(64);

function isFlat(block: Float64Array): boolean {
  const first = block[0];
  for (let i = 1; i < 64; i++) if (block[i] !== first) return false;
  return true;
}

/** Encodes the level-shifted samples in `block`, which is overwritten. */
export function writeBlock(writer: BitWriter, block: Float64Array, component: Component): void {
  // Most of a scanned page is blank: flat blocks skip the transform.
  if (isFlat(block)) {
    quantized[0] = Math.round(8 * (block[0] ?? 0) * (component.scale[0] ?? 0));
    writeCoefficients(writer, quantized, 0, component);
    return;
  }
  for (let row = 0; row < 64; row += 8) transformLine(block, row, 1);
  for (let column = 0; column < 8; column++) transformLine(block, column, 8);
  let last = 0;
  for (let i = 0; i < 64; i++) {
    const at = zigzag[i] ?? 0;
    const value = Math.round((block[at] ?? 0) * (component.scale[at] ?? 0));
    quantized[i] = i === 0 ? value : Math.max(-MAX_AC, Math.min(MAX_AC, value));
    if (value !== 0) last = i;
  }
  writeCoefficients(writer, quantized, last, component);
}

/** Encodes quantized coefficients in zigzag order; those after `last` are zero. */
export function writeCoefficients(
  writer: BitWriter,
  coefficients: Int32Array,
  last: number,
  component: Component,
): void {
  const dc = coefficients[0] ?? 0;
  const difference = dc - component.previousDc;
  component.previousDc = dc;
  const dcLength = bitLength(difference);
  writeCode(writer, component.dcCodes[dcLength] ?? 0);
  if (dcLength > 0) writeNumber(writer, difference, dcLength);
  writeAcRuns(writer, coefficients, last, component.acCodes);
}

function writeAcRuns(writer: BitWriter, coefficients: Int32Array, last: number, codes: Uint32Array): void {
  let zeros = 0;
  for (let i = 1; i <= last; i++) {
    const value = coefficients[i] ?? 0;
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) writeCode(writer, codes[SIXTEEN_ZEROS] ?? 0);
    const length = bitLength(value);
    writeCode(writer, codes[zeros * 16 + length] ?? 0);
    writeNumber(writer, value, length);
    zeros = 0;
  }
  if (last < 63) writeCode(writer, codes[END_OF_BLOCK] ?? 0);
}
