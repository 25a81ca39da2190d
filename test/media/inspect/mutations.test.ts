/** Reads a few corrupt files of each kind without errors and with bounded reads; mutations.slow.test.ts has thousands. */
import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { rewriteImage } from "../../../src/media/transcode/rewrite/rewriteImage.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { type Part, box, bytesOf, u16, u32 } from "../../support/media/buildImage.ts";
import { element } from "../../support/media/buildVideo.ts";
import { mutate, seededRandom } from "../../support/media/mutations.ts";
import {
  baseFiles,
  MAX_TOTAL_BYTES,
  findViolations,
  MAX_READ_BYTES,
  MAX_READS,
} from "../../support/media/metadataInvariants.ts";

const MUTATIONS_PER_FILE = 8;
const TRUNCATIONS_PER_FILE = 6;
/** The first bytes of each format. */
const signatures = [
  "\xff\xd8\xff\xe1",
  "\x89PNG\r\n\x1a\n",
  "II*\0\x08\0\0\0",
  "MM\0*\0\0\0\x08",
  "GIF89a",
  "RIFF\0\0\0\0WEBPVP8X",
  "\0\0\0\x18ftypheic",
  "\0\0\0\x18ftypcrx ",
  "\0\0\0\x18ftypisom",
  "\0\0\0\x08moov",
  "\x1a\x45\xdf\xa3",
  "\xff\x0a",
  "FUJIFILMCCD-RAW",
  "RIFF\0\0\0\0AVI LIST",
  "G@\0\x10",
  "\0\0\x01\xba",
  "\0\0\x01\xb3",
];

/** A file of 4 GiB that repeats `pattern` after `start`: back to back for short and packet patterns, otherwise every 16 KiB. */
function endless(start: Uint8Array, pattern: Uint8Array) {
  const period = pattern.length % 188 === 0 || pattern.length < 10 ? pattern.length : 1 << 14;
  const counts = { bytes: 0, reads: 0, longestRead: 0 };
  const sizeBytes = 2 ** 32;
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
    for (let i = 0; i < bytes.length; i++) {
      const at = offset + i;
      bytes[i] = (at < start.length ? start[at] : pattern[(at - start.length) % period]) ?? 0;
    }
    counts.bytes += bytes.length;
    counts.reads += 1;
    counts.longestRead = Math.max(counts.longestRead, length);
    return Promise.resolve(bytes);
  };
  return { sizeBytes, read, counts };
}

describe("corrupt files", { timeout: 60_000 }, () => {
  it.each(baseFiles)("truncates and mutates $name, and reads it without errors", async ({ name, bytes }) => {
    const original = await bytes();
    const random = seededRandom(baseFiles.findIndex((base) => base.name === name) + 1);
    const violations: string[] = [];
    for (let i = 0; i < TRUNCATIONS_PER_FILE; i++) {
      const length = i % 2 === 0 ? i * 97 : Math.floor((original.length * i) / TRUNCATIONS_PER_FILE);
      violations.push(...(await findViolations(original.subarray(0, length), name)));
    }
    for (let i = 0; i < MUTATIONS_PER_FILE; i++)
      violations.push(...(await findViolations(mutate(original, random, original), name)));
    expect(violations).toEqual([]);
  });

  it("reads random bytes after each format's signature without errors", async () => {
    const random = seededRandom(99);
    for (const signature of signatures) {
      for (let i = 0; i < 20; i++) {
        const bytes = Uint8Array.from({ length: 3000 }, () => random(i % 2 === 0 ? 256 : 4));
        for (let at = 0; at < signature.length; at++) bytes[at] = signature.charCodeAt(at);
        expect(await findViolations(bytes, "a.jpg")).toEqual([]);
      }
    }
  });

  it.each<[string, string, Part[], Part[]]>([
    ["boxes", "a.mp4", [box("ftyp", "isom")], [u32(1 << 14), "free"]],
    ["fragments", "a.mp4", [box("ftyp", "isom"), box("moov", box("mvex"))], [u32(1 << 14), "moof"]],
    ["boxes in a movie", "a.mov", [u32(0), "moov"], [u32(1 << 14), "trak", u32((1 << 14) - 16), "mdia"]],
    ["items of an image", "a.heic", [box("ftyp", "heic", u32(0)), u32(0), "meta", u32(0)], [u32(1 << 14), "iinf"]],
    ["chunks", "a.avi", ["RIFF", u32(0), "AVI "], ["JUNK", u32((1 << 14) - 8, true)]],
    ["lists", "a.avi", ["RIFF", u32(0), "AVI "], ["LIST", u32((1 << 14) - 8, true), "INFOICRD", u32(1000, true)]],
    ["elements", "a.mkv", [element(0x1a45dfa3), [0x18, 0x53, 0x80, 0x67, 0xff]], [[0xec, 0x10, 0, 0x3f, 0xfb]]],
    ["clusters", "a.webm", [element(0x1a45dfa3), [0x18, 0x53, 0x80, 0x67, 0xff]], [[0x1f, 0x43, 0xb6, 0x75, 0xff]]],
    ["packets of an undeclared stream", "a.mts", [], [[0x47, 0x1f, 0xff, 0x10], new Uint8Array(184)]],
    ["packets without timestamps", "a.mpg", [[0, 0, 1, 0xba]], [[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0]]],
    ["segments", "a.jpg", [[0xff, 0xd8]], [[0xff, 0xe1], u16(0xfffe)]],
    ["chunks of an image", "a.png", ["\x89PNG\r\n\x1a\n"], [u32((1 << 14) - 12), "teXt"]],
    ["frames", "a.webp", ["RIFF", u32(0), "WEBP"], ["ANMF", u32((1 << 14) - 8, true)]],
    ["directories", "a.tif", ["MM\0*", u32(8)], [u16(1), u16(0x100), u16(3), u32(1), u32(1), u32(22)]],
  ])("stops reading four gigabytes of %s after a few megabytes", async (_, name, start, pattern) => {
    const source = endless(bytesOf(...start), bytesOf(...pattern));
    const format = formatForFileName(name);
    if (format === null) throw new Error(`unknown extension: ${name}`);
    await readMediaInfo(source, format);
    expect(source.counts.bytes).toBeLessThanOrEqual(MAX_TOTAL_BYTES);
    expect(source.counts.reads).toBeLessThanOrEqual(MAX_READS);
    expect(source.counts.longestRead).toBeLessThanOrEqual(MAX_READ_BYTES);
  });

  it("reports an error of the source", async () => {
    const failing = { sizeBytes: 1000, read: () => Promise.reject(new Error("R2 is unavailable")) };
    const format = formatForFileName("a.jpg");
    if (format === null) throw new Error("jpg is unsupported");
    expect((await readMediaInfo(failing, format)).problem).toBe("the jpg file could not be read: R2 is unavailable");
  });
});

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function rewrite(file: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const rewritten = await rewriteImage(file, { exif: null, xmp: null, iptc: null });
  if (rewritten.kind !== "image") throw new Error(rewritten.kind);
  const chunks: Uint8Array[] = [];
  for await (const chunk of rewritten.bytes) chunks.push(chunk.slice());
  return bytesOf(...chunks);
}

describe("rewriting a file with too many markers or chunks", () => {
  async function rewriteRepeated(start: Uint8Array, unit: number[]): Promise<Uint8Array> {
    const many = bytesOf(...Array.from({ length: 4096 }, () => unit));
    async function* body(): AsyncGenerator<Uint8Array> {
      yield start;
      for (let i = 0; i < 60; i++) yield many;
    }
    return await rewrite(body());
  }

  it.each([
    ["fill bytes", [0xff]],
    ["empty segments", [0xff, 0xe1, 0, 2]],
    ["restart markers", [0xff, 0xd0]],
  ])("is rejected for %s", async (_, unit) => {
    await expect(rewriteRepeated(bytesOf([0xff, 0xd8, 0xff, 0xe1, 0, 2]), unit)).rejects.toThrow(
      "too many JPEG markers",
    );
  });

  it("is rejected for tables and scans after the first scan", async () => {
    const photo = await sampleBytes("0005_Landscape_5.jpg");
    const start = photo.subarray(0, photo.length - 2);
    await expect(rewriteRepeated(start, [0xff, 0xc4, 0, 2])).rejects.toThrow("too many JPEG markers");
    await expect(rewriteRepeated(start, [0xff, 0xda, 0, 2, 1])).rejects.toThrow("too many JPEG markers");
  });

  it("accepts and removes fill bytes in the entropy-coded data", async () => {
    const photo = await sampleBytes("0005_Landscape_5.jpg");
    const end = photo.length - 2;
    const fill = new Uint8Array(300_000).fill(0xff);
    const filled = await rewrite(chunksOf(photo.subarray(0, end), fill, fill, photo.subarray(end)));
    expect(filled).toEqual(await rewrite(chunksOf(photo)));
  });

  it.each(["tEXt", "IDAT"])("is rejected for empty %s chunks", async (type) => {
    const start = (await sampleBytes("new_location_shown.png")).subarray(0, 33);
    const unit = [0, 0, 0, 0, ...new TextEncoder().encode(type), 0, 0, 0, 0];
    await expect(rewriteRepeated(start, unit)).rejects.toThrow("too many PNG chunks");
  });
});
