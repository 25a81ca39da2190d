import { expect, describe, it } from "vitest";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import { readHeifTransform } from "../../../../src/media/transcode/heif/heifTransform.ts";
import { JpegTooLargeError } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import {
  colourAt,
  expectColour,
  limits,
  meanColour,
  renderJpeg,
  renderedSize,
} from "../../../support/media/renderedImage.ts";

/** Replaces the rotation in the sample's `irot` box. */
async function rotatedSample(name: string, quarters: number): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await sampleBytes(name));
  const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === "irot");
  bytes[at + 4] = quarters;
  return bytes;
}

describe("heicToJpeg", () => {
  it("converts a 12 megapixel iPhone image within 18 MB of WebAssembly memory", async () => {
    const jpeg = await heicToJpeg(await sampleBytes("IMG_2682.heic"), limits);
    expect(jpeg).toMatchObject({ width: 4032, height: 3024, orientation: 1 });
    expect(jpeg.heapBytes).toBeLessThan(18 * 1024 * 1024);
    expect(jpeg.sizeBytes).toBeLessThan(2 * 1024 * 1024);
    expect(await renderedSize(jpeg.pieces)).toEqual({ width: 4032, height: 3024 });
    // Apple's images are in Display P3, which the JPEG's profile states.
    expect(new TextDecoder("latin1").decode(jpeg.pieces[0]?.subarray(0, 4096))).toContain("ICC_PROFILE");
    // Mean colour according to Pillow 12 with libheif 1.23.6.
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), [76.7, 85.6, 90.8]);
  }, 60_000);

  it("applies the clean aperture", async () => {
    const jpeg = await heicToJpeg(await sampleBytes("IMG_7943.HEIC"), limits);
    expect(jpeg).toMatchObject({ width: 100, height: 133 });
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), [135.8, 137.6, 132.9]);
  });

  it.each([
    [1, 8],
    [2, 3],
    [3, 6],
  ])("rotated by %i quarters is shown upright", async (quarters, orientation) => {
    const straight = await renderJpeg((await heicToJpeg(await rotatedSample("IMG_7943.HEIC", 0), limits)).pieces);
    const jpeg = await heicToJpeg(await rotatedSample("IMG_7943.HEIC", quarters), limits);
    expect(jpeg.orientation).toBe(orientation);
    const rotated = await renderJpeg(jpeg.pieces);
    const { width, height } = straight;
    expect([rotated.width, rotated.height]).toEqual(quarters === 2 ? [width, height] : [height, width]);
    const cornersAnticlockwise = [
      [8, 8],
      [8, height - 9],
      [width - 9, height - 9],
      [width - 9, 8],
    ];
    // Each quarter moves a corner's colour to the next corner.
    const before = cornersAnticlockwise.map(([x = 0, y = 0]) => colourAt(straight, x, y));
    const cornersAfter = [
      [8, 8],
      [8, rotated.height - 9],
      [rotated.width - 9, rotated.height - 9],
      [rotated.width - 9, 8],
    ];
    const after = cornersAfter.map(([x = 0, y = 0]) => colourAt(rotated, x, y));
    before.forEach((colour, corner) => expectColour(after[(corner + quarters) % 4] ?? [], colour, 25));
  });

  it("rejects truncated files, AV1 and other data with a reason", async () => {
    const heic = await sampleBytes("IMG_2682.heic");
    await expect(heicToJpeg(heic.subarray(0, 300_000), limits)).rejects.toThrow("references data outside of file");
    await expect(heicToJpeg(heic.subarray(0, 1500), limits)).rejects.toThrow("libheif");
    await expect(heicToJpeg(await sampleBytes("8bit-sRGB.avif"), limits)).rejects.toThrow("not been built in");
    await expect(heicToJpeg(new Uint8Array(100), limits)).rejects.toThrow("libheif");
  });

  it("stops as soon as the JPEG exceeds its limit", async () => {
    const heic = await sampleBytes("IMG_7943.HEIC");
    await expect(heicToJpeg(heic, { quality: 90, maxBytes: 1000 })).rejects.toThrow(JpegTooLargeError);
  });
});

/** Builds a `meta` box with one item that has these properties. */
function metaWith(properties: [string, number[]][]): Uint8Array {
  const box = (type: string, content: number[]): number[] => [
    0,
    0,
    (content.length + 8) >> 8,
    (content.length + 8) & 255,
    ...Array.from(type, (c) => c.charCodeAt(0)),
    ...content,
  ];
  const ipco = box(
    "ipco",
    properties.flatMap(([type, content]) => box(type, content)),
  );
  const indexes = properties.map((_, i) => i + 1);
  const ipma = box("ipma", [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, indexes.length, ...indexes]);
  const pitm = box("pitm", [0, 0, 0, 0, 0, 1]);
  return Uint8Array.from(box("meta", [0, 0, 0, 0, ...pitm, ...box("iprp", [...ipco, ...ipma])]));
}

describe("readHeifTransform", () => {
  it.each([
    ["nothing", [], 1],
    ["a left-right mirror", [["imir", [1]]], 2],
    ["a top-bottom mirror", [["imir", [0]]], 4],
    ["a quarter anticlockwise", [["irot", [1]]], 8],
    [
      "a quarter clockwise, then a left-right mirror",
      [
        ["irot", [3]],
        ["imir", [1]],
      ],
      5,
    ],
    [
      "a quarter anticlockwise, then a left-right mirror",
      [
        ["irot", [1]],
        ["imir", [1]],
      ],
      7,
    ],
  ] as [string, [string, number[]][], number][])(
    "maps %s to an EXIF orientation",
    async (_name, properties, expected) => {
      const transform = await readHeifTransform(memorySource(metaWith(properties)));
      expect(transform.orientation).toBe(expected);
    },
  );

  it("ignores a clean aperture outside the image", async () => {
    const clap = (width: number) => [
      0,
      0,
      0,
      width,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
    ];
    const inside = await readHeifTransform(memorySource(metaWith([["clap", clap(4)]])));
    expect(inside.cropOf(8, 4)).toEqual({ left: 2, top: 1, width: 4, height: 2 });
    const outside = await readHeifTransform(memorySource(metaWith([["clap", clap(9)]])));
    expect(outside.cropOf(8, 4)).toEqual({ left: 0, top: 0, width: 8, height: 4 });
  });
});
