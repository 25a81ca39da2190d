import { describe, expect, it } from "vitest";
import type { H264Picture } from "../../../../src/media/transcode/h264/decodeKeyFrame.ts";
import { keyFrameImage } from "../../../../src/media/transcode/h264/keyFrameImage.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodedPicture, streamUnits } from "../../../support/media/h264Pictures.ts";

const pictureOf = async (name: string) => await decodedPicture(await streamUnits(name));

function pixel({ width, rgba }: RgbaImage, x: number, y: number): number[] {
  return [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
}

/** A picture of one colour. */
function plainPicture(height: number, [luma, blue, red]: [number, number, number], matrix: number): H264Picture {
  const plane = (value: number, width: number) => ({
    bytes: new Uint8Array(width * height).fill(value),
    strideBytes: width,
  });
  const chroma = { blue: plane(blue, 8), red: plane(red, 8), xShift: 1, yShift: 1 };
  const planes = { width: 16, height, bits: 8, luma: plane(luma, 16), chroma, matrix, isFullRange: false };
  return { planes, pixelAspect: { width: 1, height: 1 }, isFullRange: false, primaries: 2, transfer: 2, matrix };
}

const RED_OF_BT_709: [number, number, number] = [63, 102, 240];

describe("keyFrameImage", () => {
  it("shows the 75 % bars of SMPTE in their colours", async () => {
    const image = await keyFrameImage(await pictureOf("high-colours"), 320);
    expect(image).toMatchObject({ width: 320, height: 180 });
    // Yellow and blue bars; ffmpeg makes the source with BT.709, which the stream doesn't tell.
    const [red = 0, green = 0, blue = 0] = pixel(image, 80, 40);
    expect(Math.min(red, green) - blue).toBeGreaterThan(120);
    const [, , blueBar = 0] = pixel(image, 262, 40);
    expect(blueBar).toBeGreaterThan(150);
  });

  it("uses the full range where the stream does", async () => {
    const image = await keyFrameImage(await pictureOf("full-range"), 96);
    const lightest = image.rgba.reduce((most, value, i) => (i % 4 === 3 ? most : Math.max(most, value)), 0);
    expect(lightest).toBeGreaterThan(180);
  });

  it("assumes BT.709 for high definition and BT.601 below", async () => {
    const shown = async (height: number, matrix: number) =>
      pixel(await keyFrameImage(plainPicture(height, RED_OF_BT_709, matrix), 2000), 0, 0);
    expect(await shown(720, 2)).toEqual(await shown(720, 1));
    expect(await shown(576, 2)).toEqual(await shown(576, 6));
    expect(await shown(720, 1)).not.toEqual(await shown(720, 6));
    const [red = 0, green = 255, blue = 255] = await shown(720, 1);
    expect(red).toBeGreaterThan(250);
    expect(Math.max(green, blue)).toBeLessThan(5);
  });

  it("scales to the longest edge", async () => {
    expect(await keyFrameImage(await pictureOf("high-bars"), 64)).toMatchObject({ width: 64, height: 36 });
  });

  it("has square pixels and is never enlarged", async () => {
    expect(await keyFrameImage(await pictureOf("wide-pixels"), 1440)).toMatchObject({ width: 72, height: 44 });
    const wide = await pictureOf("high-bars");
    const tall = { ...wide, pixelAspect: { width: 1, height: 2 } };
    expect(await keyFrameImage(tall, 1440)).toMatchObject({ width: 160, height: 180 });
    const absurd = { ...wide, pixelAspect: { width: 0xffffffff, height: 1 } };
    expect(await keyFrameImage(absurd, 1440)).toMatchObject({ width: 320, height: 180 });
  });

  it("shows grey pictures", async () => {
    const image = await keyFrameImage(await pictureOf("grey-cabac"), 96);
    const [red, green, blue] = pixel(image, 30, 30);
    expect([green, blue]).toEqual([red, red]);
  });
});
