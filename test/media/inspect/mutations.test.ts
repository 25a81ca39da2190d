/** Broken and malicious bytes, a few of each kind: never an error, never more than a bounded part of the file. The many are in hostile.slow.test.ts. */
import { describe, expect, it } from "vitest";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../src/media/inspect/formats.ts";
import { rewriteStill } from "../../../src/media/transcode/rewrite/rewriteImage.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { type Part, box, bytesOf, u16, u32 } from "../../support/media/buildImage.ts";
import { element } from "../../support/media/buildVideo.ts";
import { mutated, seeded } from "../../support/media/mutations.ts";
import { bases, budgetBytes, complaints, longestReadBytes, mostReads } from "../../support/media/metadataUnchanged.ts";

const mutationsPerFile = 8;
const truncations = 6;
/** What each family begins with. */
const starts = [
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

/** A file of 4 GiB that begins as told and then says the same over and over, at each 16 KiB or, where that is longer than it, at once. */
function endless(start: Uint8Array, pattern: Uint8Array) {
  const period = pattern.length % 188 === 0 || pattern.length < 10 ? pattern.length : 1 << 14;
  const counts = { bytes: 0, reads: 0, longest: 0 };
  const sizeBytes = 2 ** 32;
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
    for (let i = 0; i < bytes.length; i++) {
      const at = offset + i;
      bytes[i] = (at < start.length ? start[at] : pattern[(at - start.length) % period]) ?? 0;
    }
    counts.bytes += bytes.length;
    counts.reads += 1;
    counts.longest = Math.max(counts.longest, length);
    return Promise.resolve(bytes);
  };
  return { sizeBytes, read, counts };
}

describe("hostile bytes", { timeout: 60_000 }, () => {
  it.each(bases)("in place of $name are read without an error", async ({ name, bytes }) => {
    const whole = await bytes();
    const random = seeded(bases.findIndex((base) => base.name === name) + 1);
    const found: string[] = [];
    for (let i = 0; i < truncations; i++) {
      const length = i % 2 === 0 ? i * 97 : Math.floor((whole.length * i) / truncations);
      found.push(...(await complaints(whole.subarray(0, length), name)));
    }
    for (let i = 0; i < mutationsPerFile; i++) found.push(...(await complaints(mutated(whole, random, whole), name)));
    expect(found).toEqual([]);
  });

  it("survive under every family's first bytes, whatever follows", async () => {
    const random = seeded(99);
    for (const start of starts) {
      for (let i = 0; i < 20; i++) {
        const bytes = Uint8Array.from({ length: 3000 }, () => random(i % 2 === 0 ? 256 : 4));
        for (let at = 0; at < start.length; at++) bytes[at] = start.charCodeAt(at);
        expect(await complaints(bytes, "a.jpg")).toEqual([]);
      }
    }
  });

  it.each<[string, string, Part[], Part[]]>([
    ["boxes", "a.mp4", [box("ftyp", "isom")], [u32(1 << 14), "free"]],
    ["fragments", "a.mp4", [box("ftyp", "isom"), box("moov", box("mvex"))], [u32(1 << 14), "moof"]],
    ["boxes in a movie", "a.mov", [u32(0), "moov"], [u32(1 << 14), "trak", u32((1 << 14) - 16), "mdia"]],
    ["items of a picture", "a.heic", [box("ftyp", "heic", u32(0)), u32(0), "meta", u32(0)], [u32(1 << 14), "iinf"]],
    ["chunks", "a.avi", ["RIFF", u32(0), "AVI "], ["JUNK", u32((1 << 14) - 8, true)]],
    ["lists", "a.avi", ["RIFF", u32(0), "AVI "], ["LIST", u32((1 << 14) - 8, true), "INFOICRD", u32(1000, true)]],
    ["elements", "a.mkv", [element(0x1a45dfa3), [0x18, 0x53, 0x80, 0x67, 0xff]], [[0xec, 0x10, 0, 0x3f, 0xfb]]],
    ["clusters", "a.webm", [element(0x1a45dfa3), [0x18, 0x53, 0x80, 0x67, 0xff]], [[0x1f, 0x43, 0xb6, 0x75, 0xff]]],
    ["packets of no stream", "a.mts", [], [[0x47, 0x1f, 0xff, 0x10], new Uint8Array(184)]],
    ["packets of no time", "a.mpg", [[0, 0, 1, 0xba]], [[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0]]],
    ["segments", "a.jpg", [[0xff, 0xd8]], [[0xff, 0xe1], u16(0xfffe)]],
    ["chunks of a picture", "a.png", ["\x89PNG\r\n\x1a\n"], [u32((1 << 14) - 12), "teXt"]],
    ["frames", "a.webp", ["RIFF", u32(0), "WEBP"], ["ANMF", u32((1 << 14) - 8, true)]],
    ["directories", "a.tif", ["MM\0*", u32(8)], [u16(1), u16(0x100), u16(3), u32(1), u32(1), u32(22)]],
  ])("of four gigabytes of %s are left after a few megabytes", async (_, name, start, pattern) => {
    const source = endless(bytesOf(...start), bytesOf(...pattern));
    const format = formatOfFileName(name);
    if (format === null) throw new Error(`unknown extension: ${name}`);
    await readFacts(source, format);
    expect(source.counts.bytes).toBeLessThanOrEqual(budgetBytes);
    expect(source.counts.reads).toBeLessThanOrEqual(mostReads);
    expect(source.counts.longest).toBeLessThanOrEqual(longestReadBytes);
  });

  it("that can't be had say so", async () => {
    const broken = { sizeBytes: 1000, read: () => Promise.reject(new Error("R2 is away")) };
    const format = formatOfFileName("a.jpg");
    if (format === null) throw new Error("jpg is taken");
    expect((await readFacts(broken, format)).problem).toBe("the jpg file could not be read: R2 is away");
  });
});

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function editOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const rewritten = await rewriteStill(chunks, { exif: null, xmp: null, iptc: null });
  if (rewritten.kind !== "picture") throw new Error(rewritten.kind);
  const pieces: Uint8Array[] = [];
  for await (const piece of rewritten.bytes) pieces.push(piece.slice());
  return bytesOf(...pieces);
}

describe("an edit of nothing but markers, or of nothing but chunks", () => {
  async function edit(start: Uint8Array, unit: number[]): Promise<Uint8Array> {
    const many = bytesOf(...Array.from({ length: 4096 }, () => unit));
    async function* body(): AsyncGenerator<Uint8Array> {
      yield start;
      for (let i = 0; i < 60; i++) yield many;
    }
    return await editOf(body());
  }

  it.each([
    ["fill bytes", [0xff]],
    ["empty segments", [0xff, 0xe1, 0, 2]],
    ["restart markers", [0xff, 0xd0]],
  ])("is given up on: %s", async (_, unit) => {
    await expect(edit(bytesOf([0xff, 0xd8, 0xff, 0xe1, 0, 2]), unit)).rejects.toThrow("more markers than");
  });

  it("is given up on: tables and scans behind the first scan", async () => {
    const photo = await sampleBytes("0005_Landscape_5.jpg");
    const start = photo.subarray(0, photo.length - 2);
    await expect(edit(start, [0xff, 0xc4, 0, 2])).rejects.toThrow("more markers than");
    await expect(edit(start, [0xff, 0xda, 0, 2, 1])).rejects.toThrow("more markers than");
  });

  it("is kept where the bytes of fill are the coded picture's, and loses them", async () => {
    const photo = await sampleBytes("0005_Landscape_5.jpg");
    const end = photo.length - 2;
    const fill = new Uint8Array(300_000).fill(0xff);
    const filled = await editOf(chunksOf(photo.subarray(0, end), fill, fill, photo.subarray(end)));
    expect(filled).toEqual(await editOf(chunksOf(photo)));
  });

  it.each(["tEXt", "IDAT"])("is given up on: empty %s chunks", async (type) => {
    const start = (await sampleBytes("0013_new_location_shown.png")).subarray(0, 33);
    const unit = [0, 0, 0, 0, ...new TextEncoder().encode(type), 0, 0, 0, 0];
    await expect(edit(start, unit)).rejects.toThrow("more chunks than");
  });
});
