/** The compressions of TIFF that are made of bytes and not of pictures: LZW, PackBits, Deflate. Output stops at the length asked for. */
import { inflated } from "../../inspect/bytes/bytes.ts";

/** The values of tag 259 that are read here. */
export const tiffCompressions = new Map([
  [1, "none"],
  [5, "lzw"],
  [8, "deflate"],
  [32_946, "deflate"],
  [32_773, "packbits"],
] as const);
export type TiffCompression = "none" | "lzw" | "deflate" | "packbits";

/** TIFF 6.0 section 9. */
function unpackBits(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let to = 0;
  for (let at = 0; at < bytes.length && to < length;) {
    const head = bytes[at++] ?? 128;
    if (head < 128) {
      const run = bytes.subarray(at, at + Math.min(head + 1, length - to));
      out.set(run, to);
      to += run.length;
      at += head + 1;
    } else if (head > 128) {
      const end = Math.min(length, to + 257 - head);
      out.fill(bytes[at++] ?? 0, to, end);
      to = end;
    }
  }
  return out.subarray(0, to);
}

const CLEAR = 256;
const END = 257;
const MOST_CODES = 4096;

/** TIFF 6.0 section 13: codes of 9 to 12 bits, highest first, growing one code earlier than GIF's. */
function unLzw(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // Each code is what an earlier one put out, and one byte more: where that lies in the output, and how long it is.
  const starts = new Uint32Array(MOST_CODES);
  const lengths = new Uint32Array(MOST_CODES);
  let [next, width, held, heldBits, to] = [END + 1, 9, 0, 0, 0];
  let [lastAt, lastLength] = [0, 0];
  for (let at = 0; to < length;) {
    while (heldBits < width && at < bytes.length) {
      held = ((held << 8) | (bytes[at++] ?? 0)) & 0xffffff;
      heldBits += 8;
    }
    if (heldBits < width) break;
    heldBits -= width;
    const code = (held >> heldBits) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, lastLength] = [END + 1, 9, 0];
      continue;
    }
    if (code > next || (code === next && lastLength === 0)) throw new Error("the TIFF's LZW data is broken");
    if (lastLength > 0 && next < MOST_CODES) {
      starts[next] = lastAt;
      lengths[next] = lastLength + 1;
      next++;
    }
    const from = code < CLEAR ? to : (starts[code] ?? 0);
    const count = Math.min(code < CLEAR ? 1 : (lengths[code] ?? 0), length - to);
    if (code < CLEAR) out[to] = code;
    else for (let i = 0; i < count; i++) out[to + i] = out[from + i] ?? 0;
    [lastAt, lastLength] = [to, count];
    to += count;
    if (next >= (1 << width) - 1 && width < 12) width++;
  }
  return out.subarray(0, to);
}

/** As much of `length` bytes as there is. */
export async function uncompressed(
  bytes: Uint8Array,
  compression: TiffCompression,
  length: number,
): Promise<Uint8Array> {
  if (compression === "none") return bytes.subarray(0, length);
  if (compression === "packbits") return unpackBits(bytes, length);
  if (compression === "lzw") return unLzw(bytes, length);
  return (await inflated(bytes, length)) ?? new Uint8Array();
}
