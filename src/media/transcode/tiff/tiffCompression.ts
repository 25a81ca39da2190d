/** Decompresses TIFF's byte-oriented compressions. Output is bounded by the requested length. */
import { inflate } from "../../inspect/bytes/bytes.ts";

/** Supported values of tag 259 (Compression). */
export const tiffCompressions = new Map([
  [1, "none"],
  [5, "lzw"],
  [8, "deflate"],
  [32_946, "deflate"],
  [32_773, "packbits"],
] as const);
export type TiffCompression = "none" | "lzw" | "deflate" | "packbits";

/** TIFF 6.0 §9. */
function decompressPackBits(bytes: Uint8Array, length: number): Uint8Array {
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
const MAX_CODES = 4096;

/** TIFF 6.0 §13: codes of 9 to 12 bits, most significant first, growing one code earlier than GIF's. */
function decompressLzw(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // Each code stands for the output of an earlier code plus one byte: its offset and length in `out`.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint32Array(MAX_CODES);
  let [next, width, pending, pendingBits, to] = [END + 1, 9, 0, 0, 0];
  let [lastAt, lastLength] = [0, 0];
  for (let at = 0; to < length;) {
    while (pendingBits < width && at < bytes.length) {
      pending = ((pending << 8) | (bytes[at++] ?? 0)) & 0xffffff;
      pendingBits += 8;
    }
    if (pendingBits < width) break;
    pendingBits -= width;
    const code = (pending >> pendingBits) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, lastLength] = [END + 1, 9, 0];
      continue;
    }
    if (code > next || (code === next && lastLength === 0)) throw new Error("the TIFF's LZW data is damaged");
    if (lastLength > 0 && next < MAX_CODES) {
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

/** Decompresses a strip or tile to at most `length` bytes. Damaged Deflate data yields an empty array. */
export async function decompressTiff(
  bytes: Uint8Array,
  compression: TiffCompression,
  length: number,
): Promise<Uint8Array> {
  if (compression === "none") return bytes.subarray(0, length);
  if (compression === "packbits") return decompressPackBits(bytes, length);
  if (compression === "lzw") return decompressLzw(bytes, length);
  return (await inflate(bytes, length)) ?? new Uint8Array();
}
