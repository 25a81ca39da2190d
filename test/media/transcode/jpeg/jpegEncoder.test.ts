import { describe, expect, it } from "vitest";
import { JpegTooLargeError } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { decoderMemory } from "../../../../src/media/transcode/decoderMemory.ts";
import { jpegEncoder } from "../../../../src/media/transcode/jpeg/jpegEncoder.ts";
import {
  colourAt,
  expectColour,
  concatenate,
  limits,
  renderJpeg,
  renderedSize,
} from "../../../support/media/renderedImage.ts";

type Colour = [number, number, number];

function encode(width: number, height: number, colour: (x: number, y: number) => Colour, options = {}): Uint8Array[] {
  const encoder = jpegEncoder({
    width,
    height,
    orientation: 1,
    icc: null,
    memory: decoderMemory(),
    ...limits,
    ...options,
  });
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

describe("jpegEncoder", () => {
  it("keeps the colours", async () => {
    const image = await renderJpeg(encode(96, 64, quarters(96, 64)));
    expectColour(colourAt(image, 20, 15), [200, 30, 40]);
    expectColour(colourAt(image, 80, 15), [30, 160, 60]);
    expectColour(colourAt(image, 20, 50), [40, 50, 190]);
    expectColour(colourAt(image, 80, 50), [230, 220, 60]);
  });

  it.each([
    [1, 1],
    [17, 5],
    [1, 40],
    [33, 16],
    [3000, 2],
  ])("encodes %i × %i pixels, whole blocks or not", async (width, height) => {
    const pieces = encode(width, height, () => [90, 140, 200]);
    expect(await renderedSize(pieces)).toEqual({ width, height });
    expectColour(colourAt(await renderJpeg(pieces), 0, 0), [90, 140, 200]);
  });

  it("encodes noise at every quality", async () => {
    const noise = (x: number, y: number): Colour =>
      (x * 7 + y * 13 + ((x * y) % 5)) % 2 === 0 ? [255, 255, 255] : [0, 0, 0];
    for (const quality of [1, 50, 100]) {
      expect(await renderedSize(encode(80, 80, noise, { quality }))).toEqual({ width: 80, height: 80 });
    }
  });

  it("writes the orientation to EXIF", async () => {
    const image = await renderJpeg(encode(60, 40, quarters(60, 40), { orientation: 6 }));
    expect([image.width, image.height]).toEqual([40, 60]);
    expectColour(colourAt(image, 35, 5), [200, 30, 40]);
  });

  it("splits a profile into several segments", () => {
    const icc = new Uint8Array(150_000).fill(7);
    const bytes = concatenate(encode(8, 8, () => [1, 2, 3], { icc }));
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text.split("ICC_PROFILE").length - 1).toBe(3);
    expect(bytes.filter((byte) => byte === 7).length).toBeGreaterThanOrEqual(150_000);
  });

  it("fills missing rows with grey and stops at the size limit", async () => {
    const encoder = jpegEncoder({
      width: 20,
      height: 40,
      orientation: 1,
      icc: null,
      memory: decoderMemory(),
      ...limits,
    });
    encoder.addRow(new Uint8Array(60).fill(255), 0);
    const image = await renderJpeg(encoder.finish());
    expectColour(colourAt(image, 10, 35), [128, 128, 128]);
    expect(() =>
      encode(400, 400, (x, y) => [(x * y) % 255, (x * 31) % 255, (y * 17) % 255], { maxBytes: 5000 }),
    ).toThrow(JpegTooLargeError);
  });
});
