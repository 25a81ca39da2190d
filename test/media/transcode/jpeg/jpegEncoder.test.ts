import { describe, expect, it } from "vitest";
import { JpegTooLong } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { jpegEncoder } from "../../../../src/media/transcode/jpeg/jpegEncoder.ts";
import { colourAt, expectColour, joined, limits, shown, shownSize } from "../../../support/media/renderedImage.ts";

type Colour = [number, number, number];

function encode(width: number, height: number, colour: (x: number, y: number) => Colour, options = {}): Uint8Array[] {
  const encoder = jpegEncoder({ width, height, orientation: 1, icc: null, ...limits, ...options });
  for (let y = 0; y < height; y++) {
    encoder.addRow(Uint8Array.from(Array.from({ length: width }, (_, x) => colour(x, y)).flat()), 0);
  }
  return encoder.finish();
}

const quarters =
  (width: number, height: number) =>
  (x: number, y: number): Colour => {
    if (y < height / 2) return x < width / 2 ? [200, 30, 40] : [30, 160, 60];
    return x < width / 2 ? [40, 50, 190] : [230, 220, 60];
  };

describe("a JPEG made row by row", () => {
  it("has the colours that were put in", async () => {
    const picture = await shown(encode(96, 64, quarters(96, 64)));
    expectColour(colourAt(picture, 20, 15), [200, 30, 40]);
    expectColour(colourAt(picture, 80, 15), [30, 160, 60]);
    expectColour(colourAt(picture, 20, 50), [40, 50, 190]);
    expectColour(colourAt(picture, 80, 50), [230, 220, 60]);
  });

  it.each([
    [1, 1],
    [17, 5],
    [1, 40],
    [33, 16],
    [3000, 2],
  ])("may be %i × %i, whole blocks or not", async (width, height) => {
    const pieces = encode(width, height, () => [90, 140, 200]);
    expect(await shownSize(pieces)).toEqual({ width, height });
    expectColour(colourAt(await shown(pieces), 0, 0), [90, 140, 200]);
  });

  it("survives noise at the extremes of every block", async () => {
    const noise = (x: number, y: number): Colour =>
      (x * 7 + y * 13 + ((x * y) % 5)) % 2 === 0 ? [255, 255, 255] : [0, 0, 0];
    for (const quality of [1, 50, 100]) {
      expect(await shownSize(encode(80, 80, noise, { quality }))).toEqual({ width: 80, height: 80 });
    }
  });

  it("is shown turned as its EXIF says", async () => {
    const picture = await shown(encode(60, 40, quarters(60, 40), { orientation: 6 }));
    expect([picture.width, picture.height]).toEqual([40, 60]);
    expectColour(colourAt(picture, 35, 5), [200, 30, 40]);
  });

  it("carries a profile of several segments", () => {
    const icc = new Uint8Array(150_000).fill(7);
    const bytes = joined(encode(8, 8, () => [1, 2, 3], { icc }));
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text.split("ICC_PROFILE").length - 1).toBe(3);
    expect(bytes.filter((byte) => byte === 7).length).toBeGreaterThanOrEqual(150_000);
  });

  it("fills up rows that never came, and stops when it gets too long", async () => {
    const encoder = jpegEncoder({ width: 20, height: 40, orientation: 1, icc: null, ...limits });
    encoder.addRow(new Uint8Array(60).fill(255), 0);
    const picture = await shown(encoder.finish());
    expectColour(colourAt(picture, 10, 35), [128, 128, 128]);
    expect(() =>
      encode(400, 400, (x, y) => [(x * y) % 255, (x * 31) % 255, (y * 17) % 255], { maxBytes: 5000 }),
    ).toThrow(JpegTooLong);
  });
});
