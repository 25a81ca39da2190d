import { describe, expect, it } from "vitest";
import { findEmbeddedJpeg } from "../../../../src/media/transcode/preview/embeddedJpeg.ts";
import { uprightJpeg } from "../../../../src/media/transcode/preview/uprightJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { colourAt, expectColour, shown } from "../../../support/media/renderedImage.ts";
import { cr3File, jpegOf, rafFile, rawFile, type Entry } from "../../../support/media/rawFiles.ts";

const MB = 1024 * 1024;
const find = (bytes: Uint8Array, family: "tiff" | "raf" | "cr3" = "tiff") =>
  findEmbeddedJpeg(memorySource(bytes), family, 20 * MB);

describe("the JPEG that a RAW file carries", () => {
  it("is found in a DNG where its strip is a JPEG", async () => {
    const found = await find(await sampleBytes("0004_test.dng"));
    expect(found).toMatchObject({ offset: 3_303_790, length: 6910, width: 510, height: 382, orientation: null });
  });

  it("is the largest of those in sub-directories and chained ones, as in a NEF or an ARW", async () => {
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

  it("is never the sensor's lossless data, however large", async () => {
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

  it("is found in an RW2 as a value of its own, in a RAF by its header, in a CR3 as a track", async () => {
    const jpeg = jpegOf(900, 600);
    const rw2 = rawFile({ magic: "IIU\0", directories: [() => [[0x2e, 7, jpeg]]], blobs: { jpeg } });
    expect(await find(rw2)).toMatchObject({ width: 900, height: 600, length: jpeg.length });
    expect(await find(rafFile(jpeg), "raf")).toMatchObject({ width: 900, height: 600, offset: 148 });
    expect(await find(cr3File(jpegOf(160, 120), jpeg), "cr3")).toMatchObject({ width: 900, height: 600 });
    expect(await find(cr3File(jpeg, jpegOf(2000, 900, { frame: 0xc3 })), "cr3")).toMatchObject({ width: 900 });
  });

  it("is found in an ORF where only maker notes name it", async () => {
    const jpeg = jpegOf(1000, 700, { orientation: 6 });
    const orf = rawFile({
      magic: "IIRO",
      directories: [() => [[0x100, 3, [4000]]]],
      blobs: { noise: new Uint8Array(5000).fill(0xff), jpeg },
    });
    expect(await find(orf)).toMatchObject({ width: 1000, height: 700, length: jpeg.length, orientation: 6 });
  });

  it("is not found in a file that has none, points past its end, in circles, or is cut short", async () => {
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

  it("is left where it is longer than may be, and a smaller one taken", async () => {
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

describe("a camera's JPEG", () => {
  const sides = { width: 300, height: 200 };
  const raw = { width: 6000, height: 4000 };

  it("is turned as its container says", async () => {
    const picture = await shown(
      uprightJpeg(jpegOf(300, 200), { ...sides, orientation: null }, { orientation: 6, raw }),
    );
    expect([picture.width, picture.height]).toEqual([67, 100]);
    expectColour(colourAt(picture, 30, 5), [220, 20, 20]);
    expectColour(colourAt(picture, 30, 95), [20, 20, 220]);
  });

  it("is left alone where it says itself how it is turned, is turned already, or needs no turn", () => {
    const jpeg = jpegOf(300, 200);
    expect(uprightJpeg(jpeg, { ...sides, orientation: 3 }, { orientation: 6, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { width: 200, height: 300, orientation: null }, { orientation: 6, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { ...sides, orientation: null }, { orientation: 1, raw })).toEqual([jpeg]);
    expect(uprightJpeg(jpeg, { ...sides, orientation: null }, { orientation: null, raw: null })).toEqual([jpeg]);
  });
});
