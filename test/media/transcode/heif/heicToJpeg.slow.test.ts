import { expect, describe, it } from "vitest";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import { readHeifTurn } from "../../../../src/media/transcode/heif/heifTransform.ts";
import { JpegTooLong } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { colourAt, expectColour, limits, meanColour, shown, shownSize } from "../../../support/media/renderedImage.ts";

/** The sample with the value behind its `irot` box header replaced. */
async function turnedSample(name: string, quarters: number): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await sampleBytes(name));
  const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === "irot");
  bytes[at + 4] = quarters;
  return bytes;
}

describe("an iPhone's HEIC", () => {
  it("of 12 megapixels becomes a JPEG of the same size and colours in 17 MB of WebAssembly memory", async () => {
    const jpeg = await heicToJpeg(await sampleBytes("0019_IMG_2682.heic"), limits);
    expect(jpeg).toMatchObject({ width: 4032, height: 3024, orientation: 1 });
    expect(jpeg.heapBytes).toBeLessThan(18 * 1024 * 1024);
    expect(jpeg.sizeBytes).toBeLessThan(2 * 1024 * 1024);
    expect(await shownSize(jpeg.pieces)).toEqual({ width: 4032, height: 3024 });
    // Apple's pictures are in Display P3, which a JPEG says by its profile.
    expect(new TextDecoder("latin1").decode(jpeg.pieces[0]?.subarray(0, 4096))).toContain("ICC_PROFILE");
    // The mean that Pillow 12 with libheif 1.23.6 finds.
    expectColour(meanColour(await shown(jpeg.pieces)), [76.7, 85.6, 90.8]);
  }, 60_000);

  it("that shows less than it stores is cut as it says", async () => {
    const jpeg = await heicToJpeg(await sampleBytes("0021_IMG_7943.HEIC"), limits);
    expect(jpeg).toMatchObject({ width: 100, height: 133 });
    expectColour(meanColour(await shown(jpeg.pieces)), [135.8, 137.6, 132.9]);
  });

  it.each([
    [1, 8],
    [2, 3],
    [3, 6],
  ])("turned by %i quarters is shown upright", async (quarters, orientation) => {
    const straight = await shown((await heicToJpeg(await turnedSample("0021_IMG_7943.HEIC", 0), limits)).pieces);
    const jpeg = await heicToJpeg(await turnedSample("0021_IMG_7943.HEIC", quarters), limits);
    expect(jpeg.orientation).toBe(orientation);
    const turned = await shown(jpeg.pieces);
    const { width, height } = straight;
    expect([turned.width, turned.height]).toEqual(quarters === 2 ? [width, height] : [height, width]);
    const cornersAnticlockwise = [
      [8, 8],
      [8, height - 9],
      [width - 9, height - 9],
      [width - 9, 8],
    ];
    // What was in a corner is one corner further on for each quarter.
    const before = cornersAnticlockwise.map(([x = 0, y = 0]) => colourAt(straight, x, y));
    const cornersAfter = [
      [8, 8],
      [8, turned.height - 9],
      [turned.width - 9, turned.height - 9],
      [turned.width - 9, 8],
    ];
    const after = cornersAfter.map(([x = 0, y = 0]) => colourAt(turned, x, y));
    before.forEach((colour, corner) => expectColour(after[(corner + quarters) % 4] ?? [], colour, 25));
  });

  it("is refused with a reason where it is cut short, is not HEVC, or is no HEIF at all", async () => {
    const heic = await sampleBytes("0019_IMG_2682.heic");
    await expect(heicToJpeg(heic.subarray(0, 300_000), limits)).rejects.toThrow("references data outside of file");
    await expect(heicToJpeg(heic.subarray(0, 1500), limits)).rejects.toThrow("libheif");
    await expect(heicToJpeg(await sampleBytes("0020_8bit-sRGB.avif"), limits)).rejects.toThrow("not been built in");
    await expect(heicToJpeg(new Uint8Array(100), limits)).rejects.toThrow("libheif");
  });

  it("stops as soon as the JPEG is longer than it may be", async () => {
    const heic = await sampleBytes("0021_IMG_7943.HEIC");
    await expect(heicToJpeg(heic, { quality: 90, maxBytes: 1000 })).rejects.toThrow(JpegTooLong);
  });
});

/** `ftyp`-less `meta` with one item of these properties. */
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

describe("the turn of a HEIF", () => {
  it.each([
    ["nothing", [], 1],
    ["a mirror that exchanges left and right", [["imir", [1]]], 2],
    ["a mirror that exchanges top and bottom", [["imir", [0]]], 4],
    ["a quarter anticlockwise", [["irot", [1]]], 8],
    [
      "a quarter clockwise, then left and right",
      [
        ["irot", [3]],
        ["imir", [1]],
      ],
      5,
    ],
    [
      "a quarter anticlockwise, then left and right",
      [
        ["irot", [1]],
        ["imir", [1]],
      ],
      7,
    ],
  ] as [string, [string, number[]][], number][])(
    "with %s is an EXIF orientation",
    async (_what, properties, expected) => {
      const turn = await readHeifTurn(memorySource(metaWith(properties)));
      expect(turn.orientation).toBe(expected);
    },
  );

  it("leaves out a window that does not lie within the picture", async () => {
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
    const inside = await readHeifTurn(memorySource(metaWith([["clap", clap(4)]])));
    expect(inside.windowOf(8, 4)).toEqual({ left: 2, top: 1, width: 4, height: 2 });
    const outside = await readHeifTurn(memorySource(metaWith([["clap", clap(9)]])));
    expect(outside.windowOf(8, 4)).toEqual({ left: 0, top: 0, width: 8, height: 4 });
  });
});
