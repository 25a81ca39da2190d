/** One 8 × 8 block of a baseline JPEG: cosine transform, quantization, run-length and Huffman codes. T.81 annexes A and F. */
import type { BitSink } from "./jpegBits.ts";
import { codesOf, zigzag, type HuffmanTable } from "./jpegTables.ts";

/** cosines[u * 4 + x]: what sample x (even u: the sum of it and its mirror image; odd u: the difference) adds to coefficient u. */
const cosines = Float64Array.from({ length: 32 }, (_, at) => {
  const u = Math.floor(at / 4);
  const x = at % 4;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Eight samples `step` apart to eight coefficients in their place. */
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
  /** One over the quantization step, row by row. */
  scale: Float64Array;
  dcCodes: Uint32Array;
  acCodes: Uint32Array;
  /** The first coefficient of the block before. */
  previousDc: number;
}

export function component(steps: Uint8Array, dc: HuffmanTable, ac: HuffmanTable): Component {
  const scale = Float64Array.from(steps, (step) => 1 / step);
  return { scale, dcCodes: codesOf(dc), acCodes: codesOf(ac), previousDc: 0 };
}

function putCode(sink: BitSink, code: number): void {
  sink.put(code >>> 5, code & 31);
}

/** A number follows its length: itself, or one's complement where it is negative. */
function putNumber(sink: BitSink, value: number, length: number): void {
  sink.put(value < 0 ? value + (1 << length) - 1 : value, length);
}

function bitLength(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

const END_OF_BLOCK = 0x00;
const SIXTEEN_ZEROS = 0xf0;
/** A baseline table codes no longer one. */
const LARGEST_AC = 1023;

const quantized = new Int32Array(64);

/** Codes the samples in `block`, level-shifted to be around 0; they are used up. */
export function putBlock(sink: BitSink, block: Float64Array, part: Component): void {
  for (let row = 0; row < 64; row += 8) transformLine(block, row, 1);
  for (let column = 0; column < 8; column++) transformLine(block, column, 8);
  let last = 0;
  for (let i = 0; i < 64; i++) {
    const at = zigzag[i] ?? 0;
    const value = Math.round((block[at] ?? 0) * (part.scale[at] ?? 0));
    quantized[i] = i === 0 ? value : Math.max(-LARGEST_AC, Math.min(LARGEST_AC, value));
    if (value !== 0) last = i;
  }
  putLevels(sink, quantized, last, part);
}

/** Codes coefficients that are quantized already, in the order of the zigzag; behind `last` there are only zeros. */
export function putLevels(sink: BitSink, levels: Int32Array, last: number, part: Component): void {
  const dc = levels[0] ?? 0;
  const difference = dc - part.previousDc;
  part.previousDc = dc;
  const dcLength = bitLength(difference);
  putCode(sink, part.dcCodes[dcLength] ?? 0);
  if (dcLength > 0) putNumber(sink, difference, dcLength);
  putRuns(sink, levels, last, part.acCodes);
}

function putRuns(sink: BitSink, levels: Int32Array, last: number, codes: Uint32Array): void {
  let zeros = 0;
  for (let i = 1; i <= last; i++) {
    const value = levels[i] ?? 0;
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) putCode(sink, codes[SIXTEEN_ZEROS] ?? 0);
    const length = bitLength(value);
    putCode(sink, codes[zeros * 16 + length] ?? 0);
    putNumber(sink, value, length);
    zeros = 0;
  }
  if (last < 63) putCode(sink, codes[END_OF_BLOCK] ?? 0);
}
