import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { tiffToJpeg } from "../../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { bytesOf, directory, long, short } from "../../../support/media/buildImage.ts";
import { difference } from "../../../support/media/pixelImages.ts";
import { scaledImage } from "../../../support/media/scaledImages.ts";

const fixture = async (name: string) => await sampleBytes(`test/fixtures/tiff/${name}`);

/** The decoded pixels, without the loss of the JPEG. */
async function pixelsOf(bytes: Uint8Array): Promise<RgbaImage> {
  let rgba = new Uint8Array();
  let [width, height, at] = [0, 0, 0];
  await tiffToJpeg(memorySource(bytes), { quality: 50, maxBytes: 20 * 1024 * 1024 }, 1, (rows) => {
    ({ width, height } = rows);
    rgba = new Uint8Array(width * height * 4).fill(255);
    return {
      addRow: (rgb) => {
        for (let x = 0; x < width; x++, at += 4) rgba.set(rgb.subarray(x * 3, x * 3 + 3), at);
      },
    };
  });
  return { width, height, rgba };
}

const RUNS_WIDTH = 5300;
const RUN_LENGTHS = [
  ...Array.from({ length: 130 }, (_, i) => i),
  ...Array.from({ length: 41 }, (_, i) => 64 + i * 64).filter((length) => length < 2640),
  2623,
  2600,
  2650,
];

/** The rows of the file: a run of each length in one colour and the same in the other. */
function expectedRuns(): Uint8Array[] {
  return RUN_LENGTHS.flatMap((length) => {
    const [first, second] = [new Uint8Array(RUNS_WIDTH), new Uint8Array(RUNS_WIDTH)];
    first.fill(1, length, 2 * length);
    second.fill(1, 0, length);
    second.fill(1, 2 * length, Math.min(RUNS_WIDTH, 2 * length + 3));
    return [first, second];
  });
}

describe("fax codings of a TIFF", () => {
  it.each(["runs-g31d.tif", "runs-g32d.tif", "runs-g4.tif", "runs-g4lsb.tif"])(
    "has every run length: %s",
    async (name) => {
      const { width, rgba } = await pixelsOf(await fixture(name));
      expect(width).toBe(RUNS_WIDTH);
      const rows = expectedRuns();
      const wrong = rows.filter((row, y) =>
        row.some((isBlack, x) => rgba[(y * width + x) * 4] !== (isBlack === 1 ? 0 : 255)),
      );
      expect(rows.length * width * 4).toBe(rgba.length);
      expect(wrong).toHaveLength(0);
    },
  );

  it.each(["dither-g32dfill.tif", "dither-g4.tif"])("has the pixels of the source: %s", async (name) => {
    const image = await pixelsOf(await fixture(name));
    expect(difference(image, await scaledImage(await fixture("dither.png"), "png", 1440)).largest).toBe(0);
  });

  it("ends the rows of modified Huffman at whole bytes", async () => {
    // Four white pixels (1011) and four black ones (011); then no white pixel (00110101) and eight black ones (000101).
    const rows = bytesOf([0b10110110, 0b00110101, 0b00010100]);
    const tags = (at: number) => [
      short(0x100, 8), short(0x101, 2), short(0x102, 1), short(0x103, 2), short(0x106, 0), long(0x111, at),
      short(0x115, 1), short(0x116, 2), long(0x117, rows.length),
    ]; // prettier-ignore
    const at = 8 + directory(8, tags(0)).length;
    const { rgba } = await pixelsOf(bytesOf("MM\0*", [0, 0, 0, 8], directory(8, tags(at)), rows));
    const reds = [...rgba].filter((_, i) => i % 4 === 0);
    expect(reds).toEqual([255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("ends with a reason for damaged and truncated data", async () => {
    const bytes = await fixture("dither-g4.tif");
    for (let seed = 1; seed <= 60; seed++) {
      const damaged = Uint8Array.from(bytes);
      for (let i = 0; i < 4; i++)
        damaged[8 + ((seed * 7919 + i * 104_729) % (bytes.length - 400))] = (seed * 31 + i) & 255;
      await pixelsOf(damaged).catch((error: unknown) => {
        expect(String(error)).toMatch(/TIFF/);
      });
    }
    await expect(pixelsOf(Uint8Array.from(bytes).fill(0, 8, bytes.length - 500))).rejects.toThrow(/TIFF/);
  });
});
