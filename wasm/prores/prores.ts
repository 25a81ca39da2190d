/**
 * Decodes slices of Apple ProRes 422 (SMPTE RDD 36) with 10 bits. The caller reads the headers and lays out the memory;
 * see src/media/transcode/prores/.
 */
import { bits, openBits, peekBits, readBits, skipBits } from "../mpeg/bits";
import { basis, block, buildBasis, clearBlock, rows, transformColumns } from "../mpeg/transform";

buildBasis();

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

/** Set by the caller: the picture, or a field of it. */
@unmanaged
class Picture {
  /** Addresses of luma, blue and red: samples of 16 bits. */
  luma: usize;
  blue: usize;
  red: usize;
  /** From one line of luma to the next of the picture. */
  strideBytes: i32;
  isInterlaced: i32;
}

const picture = changetype<Picture>(memory.data(offsetof<Picture>(), 16));
/** Steps of luma and chroma, row by row. */
const matrices: usize = memory.data(128, 16);

export function pictureAt(): usize {
  return changetype<usize>(picture);
}

export function matricesAt(): usize {
  return matrices;
}

/** Progressive and interlaced scans; §7.2, row-major indexes. */
// prettier-ignore
const SCANS: usize = memory.data<u8>([
  0, 1, 8, 9, 2, 3, 10, 11, 16, 17, 24, 25, 18, 19, 26, 27, 4, 5, 12, 20, 13, 6, 7, 14, 21, 28, 29, 22, 15, 23, 30, 31,
  32, 33, 40, 48, 41, 34, 35, 42, 49, 56, 57, 50, 43, 36, 37, 44, 51, 58, 59, 52, 45, 38, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
  0, 8, 1, 9, 16, 24, 17, 25, 2, 10, 3, 11, 18, 26, 19, 27, 32, 40, 33, 34, 41, 48, 56, 49, 42, 35, 43, 50, 57, 58, 51,
  59, 4, 12, 5, 6, 13, 20, 28, 21, 14, 7, 15, 22, 29, 36, 44, 37, 30, 23, 31, 38, 45, 52, 60, 53, 46, 39, 47, 54, 61,
  62, 55, 63,
]);

/** Codebooks: the last prefix of a Rice code, its order, and the order of the Exp-Golomb codes behind; §7.1.1. */
function codebook(last: i32, rice: i32, golomb: i32): i32 {
  return last | (rice << 4) | (golomb << 8);
}

/** By the DC difference before, up to 6. */
function dcCodebook(previous: i32): i32 {
  if (previous === 0) return codebook(0, 0, 1);
  if (previous < 3) return codebook(0, 1, 2);
  return previous < 5 ? codebook(1, 2, 3) : codebook(0, 3, 4);
}

/** By the run before. */
function runCodebook(previous: i32): i32 {
  if (previous < 2) return codebook(2, 0, 1);
  if (previous < 4) return codebook(1, 0, 1);
  if (previous === 4) return codebook(0, 0, 1);
  if (previous < 9) return codebook(1, 1, 2);
  return previous < 15 ? codebook(0, 1, 2) : codebook(0, 2, 3);
}

/** By the level before. */
function levelCodebook(previous: i32): i32 {
  if (previous === 0) return codebook(0, 0, 1);
  if (previous === 1) return codebook(2, 0, 2);
  if (previous === 2) return codebook(1, 0, 1);
  if (previous === 3) return codebook(2, 0, 1);
  if (previous === 4) return codebook(0, 0, 1);
  return previous < 9 ? codebook(0, 1, 2) : codebook(0, 2, 3);
}

/** More zeros than any code of a level or a run has. */
const MAX_ZEROS: i32 = 16;

/** Reads a code; -1 for damaged data. */
function readCode(book: i32): i32 {
  const last = book & 15;
  const rice = (book >> 4) & 15;
  const golomb = book >> 8;
  const zeros = <i32>clz<u32>(peekBits());
  if (zeros > MAX_ZEROS) return -1;
  if (zeros <= last) {
    skipBits(zeros + 1);
    return rice === 0 ? zeros : (zeros << rice) + readBits(rice);
  }
  skipBits(zeros);
  return readBits(golomb - last + zeros) - (1 << golomb) + ((last + 1) << rice);
}

/** Levels of the blocks of a slice, 32 bits each: up to 8 macroblocks of 4 blocks. */
const levels: usize = memory.data(32 * 256, 16);

function levelAt(number: i32, at: i32): usize {
  return levels + ((<usize>number) << 8) + ((<usize>at) << 2);
}

/** Even codes are positive. */
function signed(code: i32): i32 {
  return (code >> 1) ^ -(code & 1);
}

const FIRST_DC: i32 = 0 | (5 << 4) | (6 << 8);

/** Reads the DC levels of the blocks; §7.1.1.3. */
function readDcs(count: i32): bool {
  let code = readCode(FIRST_DC);
  if (code < 0) return false;
  let dc = signed(code);
  store<i32>(levelAt(0, 0), dc);
  let isNegative = false;
  code = 5;
  for (let number: i32 = 1; number < count; number++) {
    code = readCode(dcCodebook(code));
    if (code < 0) return false;
    isNegative = code !== 0 && isNegative !== ((code & 1) !== 0);
    const size = (code + 1) >> 1;
    dc += isNegative ? -size : size;
    store<i32>(levelAt(number, 0), dc);
  }
  return true;
}

/** Whether only zeros follow, which end the data of a component. */
function isEnded(): bool {
  const left = <i32>((bits.end - bits.start) << 3) - bits.position;
  if (left <= 0) return true;
  return left < 32 && peekBits() >>> (32 - left) === 0;
}

/** Reads the other levels: the blocks take turns; §7.1.1.4. */
function readAcs(count: i32, shift: i32): bool {
  const scan = SCANS + (picture.isInterlaced ? 64 : 0);
  let run: i32 = 4;
  let level: i32 = 2;
  for (let position = count - 1; !isEnded();) {
    run = readCode(runCodebook(run));
    position += run + 1;
    if (run < 0 || position >= count << 6) return false;
    level = readCode(levelCodebook(level)) + 1;
    if (level === 0) return false;
    const value = readBits(1) ? -level : level;
    store<i32>(levelAt(position & (count - 1), load<u8>(scan + (position >> shift))), value);
  }
  return true;
}

const MAX_SAMPLE: i32 = 1023;
const MIDDLE: f32 = 512;

/** Writes the samples of `block`. */
function showBlock(target: usize, strideBytes: usize): void {
  transformColumns();
  const least = i32x4.splat(0);
  const greatest = i32x4.splat(MAX_SAMPLE);
  for (let y: usize = 0; y < 8; y++, target += strideBytes) {
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    for (let u: usize = 0; u < 8; u++) {
      const value = v128.load32_splat(rows + (((y << 3) + u) << 2));
      low = f32x4.add(low, f32x4.mul(value, v128.load(basis + (u << 5))));
      high = f32x4.add(high, f32x4.mul(value, v128.load(basis + (u << 5), 16)));
    }
    v128.store(target, i16x8.narrow_i32x4_s(toSamples(low, least, greatest), toSamples(high, least, greatest)));
  }
}

/** Levels are multiplied by four times the steps of 10 bits; §7.3. */
const SCALE: f32 = 0.25;

function toSamples(values: v128, least: v128, greatest: v128): v128 {
  const scaled = f32x4.add(f32x4.mul(values, f32x4.splat(SCALE)), f32x4.splat(MIDDLE));
  return i32x4.min_s(i32x4.max_s(i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled)), least), greatest);
}

function dequantize(number: i32, steps: usize, scale: i32): void {
  for (let at: i32 = 0; at < 64; at++)
    store<i32>(block + ((<usize>at) << 2), load<i32>(levelAt(number, at)) * <i32>load<u8>(steps + at) * scale);
}

/**
 * Decodes a component of a slice between two addresses, which eight zero bytes follow. `x` and `y` are the place of its
 * macroblocks, of which there are 1, 2, 4 or 8. Returns 0 if it is damaged.
 */
export function decodeComponent(
  start: usize,
  end: usize,
  component: i32,
  x: i32,
  y: i32,
  macroblocks: i32,
  scale: i32,
): i32 {
  openBits(start, end, 0);
  const perMacroblock = component === 0 ? 4 : 2;
  const count = macroblocks * perMacroblock;
  memory.fill(levels, 0, (<usize>count) << 8);
  if (!readDcs(count) || !readAcs(count, ctz(count))) return 0;
  const plane = component === 0 ? picture.luma : component === 1 ? picture.blue : picture.red;
  const columnBytes = component === 0 ? 32 : 16;
  const lineBytes = picture.strideBytes >> (component === 0 ? 0 : 1);
  const top = plane + <usize>(y * 16 * lineBytes);
  for (let number: i32 = 0; number < count; number++) {
    clearBlock();
    dequantize(number, matrices + (component === 0 ? 0 : 64), scale);
    const part = number % perMacroblock;
    const isRight = component === 0 && (part & 1) !== 0;
    const isLower = part >= perMacroblock >> 1;
    const left = (x + number / perMacroblock) * columnBytes + (isRight ? 16 : 0);
    showBlock(top + <usize>(left + (isLower ? lineBytes * 8 : 0)), <usize>lineBytes);
  }
  return 1;
}
