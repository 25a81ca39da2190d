import { describe, expect, it } from "vitest";
import { findEmbeddedJpeg } from "../../../../src/media/transcode/preview/embeddedJpeg.ts";
import { uprightJpeg } from "../../../../src/media/transcode/preview/uprightJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { colourAt, expectColour, renderJpeg } from "../../../support/media/renderedImage.ts";
import { cr3File, jpegOf, rafFile, rawFile, type Entry } from "../../../support/media/rawFiles.ts";

const MB = 1024 * 1024;
const find = (bytes: Uint8Array, family: "tiff" | "raf" | "cr3" = "tiff") =>
  findEmbeddedJpeg(memorySource(bytes), family, 20 * MB);

describe("findEmbeddedJpeg", () => {
  it("finds a DNG's preview in a strip", async () => {
    const found = await find(await sampleBytes("0004_test.dng"));
    expect(found).toMatchObject({ offset: 3_303_790, length: 6910, width: 510, height: 382, orientation: null });
  });

  it("takes the largest JPEG of chained directories and sub-directories (NEF, ARW)", async () => {
    const blobs = { small: jpegOf(160, 120), large: jpegOf(1200, 800), middle: jpegOf(800, 600) };
    const jpegAt =
      (name: "small" | "large" | "middle") =>
      (at: (name: string) => number): Entry[] => [
        [0x201, 4, [at(name)]],
        [0x202, 4, [blobs[name].length]],
      ];
    const bytes = rawFile({
      directories: [(at) => [[0x14a, 4, [at("sub")]], ...jpegAt("small")(at)], jpegAt("middle")],
      sub: { sub: jpegAt("large") },
      blobs,
    });
    expect(await find(bytes)).toMatchObject({ width: 1200, height: 800, length: blobs.large.length });
  });

  it("ignores the sensor's lossless JPEG of any size", async () => {
    const blobs = { raw: jpegOf(2000, 1000, { frame: 0xc3 }), preview: jpegOf(700, 500) };
    const bytes = rawFile({
      directories: [
        (at) => [
          [0x103, 3, [6]],
          [0x111, 4, [at("preview")]],
          [0x117, 4, [blobs.preview.length]],
        ],
        (at) => [
          [0x103, 3, [6]],
          [0x111, 4, [at("raw")]],
          [0x117, 4, [blobs.raw.length]],
        ],
      ],
      blobs,
    });
    expect(await find(bytes)).toMatchObject({ width: 700, height: 500 });
  });

  it("finds the preview of RW2, RAF and CR3", async () => {
    const jpeg = jpegOf(900, 600);
    const rw2 = rawFile({ magic: "IIU\0", directories: [() => [[0x2e, 7, jpeg]]], blobs: { jpeg } });
    expect(await find(rw2)).toMatchObject({ width: 900, height: 600, length: jpeg.length });
    expect(await find(rafFile(jpeg), "raf")).toMatchObject({ width: 900, height: 600, offset: 148 });
    expect(await find(cr3File(jpegOf(160, 120), jpeg), "cr3")).toMatchObject({ width: 900, height: 600 });
    expect(await find(cr3File(jpeg, jpegOf(2000, 900, { frame: 0xc3 })), "cr3")).toMatchObject({ width: 900 });
  });

  it("finds the preview of an ORF that only maker notes reference", async () => {
    const jpeg = jpegOf(1000, 700, { orientation: 6 });
    const orf = rawFile({
      magic: "IIRO",
      directories: [() => [[0x100, 3, [4000]]]],
      blobs: { noise: new Uint8Array(5000).fill(0xff), jpeg },
    });
    expect(await find(orf)).toMatchObject({ width: 1000, height: 700, length: jpeg.length, orientation: 6 });
  });

  it("scans 6 MB of start markers without an end in one pass", async () => {
    const orf = rawFile({ magic: "IIRO", directories: [() => [[0x100, 3, [4000]]]], blobs: {} });
    const bytes = new Uint8Array(6.3 * MB);
    for (let at = orf.length; at + 3 < bytes.length; at += 4) bytes.set([0xff, 0xd8, 0xff, 0x00], at);
    bytes.set(orf);
    let readBytes = 0;
    const source = memorySource(bytes);
    const read = async (at: number, length: number) => {
      const piece = await source.read(at, length);
      readBytes += piece.length;
      return piece;
    };
    // The clock of workerd stands still during computation, so the time is that of the whole call.
    const started = performance.now();
    await scheduler.wait(1);
    expect(await findEmbeddedJpeg({ ...source, read }, "tiff", 20 * MB)).toBeNull();
    await scheduler.wait(1);
    expect(performance.now() - started).toBeLessThan(1000);
    // The windows of the scan overlap by two bytes.
    expect(readBytes).toBeLessThanOrEqual((6 + 4) * MB + 64);
  });

  it("finds a JPEG that contains another one, and one after it", async () => {
    const [inner, outer, next] = [jpegOf(700, 500), jpegOf(1000, 700), jpegOf(900, 600)];
    const thumbnail = [0xff, 0xe5, (inner.length + 2) >> 8, (inner.length + 2) & 255, ...inner];
    const nested = Uint8Array.from([...outer.subarray(0, 2), ...thumbnail, ...outer.subarray(2)]);
    const orf = rawFile({ magic: "IIRO", directories: [() => [[0x100, 3, [4000]]]], blobs: { nested, next } });
    expect(await find(orf)).toMatchObject({ width: 1000, height: 700, length: nested.length });
  });

  it("returns null for files without a preview, truncated files and circular directories", async () => {
    const blobs = { jpeg: jpegOf(900, 600) };
    const directory =
      (length: number) =>
      (at: (name: string) => number): Entry[] => [
        [0x201, 4, [at("jpeg")]],
        [0x202, 4, [length]],
        [0x14a, 4, [8]],
      ];
    expect(await find(rawFile({ directories: [() => [[0x100, 3, [4000]]]], blobs: {} }))).toBeNull();
    const whole = rawFile({ directories: [directory(blobs.jpeg.length)], blobs });
    expect(await find(whole.subarray(0, 60))).toBeNull();
    expect(await find(new Uint8Array(5))).toBeNull();
    expect(await find(new Uint8Array(200), "raf")).toBeNull();
    expect(await find(new Uint8Array(200), "cr3")).toBeNull();
  });

  it("takes a smaller JPEG if the largest exceeds the limit", async () => {
    const blobs = { large: jpegOf(1200, 800), small: jpegOf(700, 500) };
    const bytes = rawFile({
      directories: [
        (at) => [
          [0x201, 4, [at("large")]],
          [0x202, 4, [blobs.large.length]],
        ],
        (at) => [
          [0x201, 4, [at("small")]],
          [0x202, 4, [blobs.small.length]],
        ],
      ],
      blobs,
    });
    const found = await findEmbeddedJpeg(memorySource(bytes), "tiff", blobs.small.length);
    expect(found).toMatchObject({ width: 700, height: 500 });
  });
});

describe("uprightJpeg", () => {
  const sides = { width: 300, height: 200 };
  const raw = { width: 6000, height: 4000 };

  it("adds the container's orientation", async () => {
    const image = await renderJpeg(
      uprightJpeg(jpegOf(300, 200), { ...sides, orientation: null }, { orientation: 6, raw }),
    );
    expect([image.width, image.height]).toEqual([67, 100]);
    expectColour(colourAt(image, 30, 5), [220, 20, 20]);
    expectColour(colourAt(image, 30, 95), [20, 20, 220]);
  });

  it("returns the JPEG unchanged if it has an orientation, is already rotated or upright", () => {
    const jpeg = jpegOf(300, 200);
    expect(uprightJpeg(jpeg, { ...sides, orientation: 3 }, { orientation: 6, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { width: 200, height: 300, orientation: null }, { orientation: 6, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { ...sides, orientation: null }, { orientation: 1, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { ...sides, orientation: null }, { orientation: null, raw: null })).toEqual([jpeg]);
  });
});
