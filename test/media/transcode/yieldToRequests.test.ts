import { expect, it } from "vitest";
import { bmpToJpeg } from "../../../src/media/transcode/bmpToJpeg.ts";
import { deriveScaledImages } from "../../../src/media/transcode/display/scaledImages.ts";
import { pngToJpeg } from "../../../src/media/transcode/png/pngToJpeg.ts";
import { tiffToJpeg } from "../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { decodeRendition } from "../../../src/media/transcode/webp/decodeWebp.ts";
import { encodeWebp } from "../../../src/media/transcode/webp/encodeWebp.ts";
import { largeBmp, largePng, largeTiff } from "../../support/media/largeLayouts.ts";
import { photoLike } from "../../support/media/pixelImages.ts";
import { limits } from "../../support/media/renderedImage.ts";

const SIDE_PX = 2400;
const stored = {
  width: SIDE_PX,
  height: SIDE_PX,
  pattern: new Uint8Array(1),
  segmentBytes: SIDE_PX * SIDE_PX * 3,
};

it.each([
  ["TIFF", () => tiffToJpeg(largeTiff(stored), limits, 1)],
  ["BMP", () => bmpToJpeg(largeBmp(SIDE_PX, SIDE_PX, 24), limits)],
  ["PNG", () => pngToJpeg(largePng(SIDE_PX, SIDE_PX, 8), limits)],
])("a long conversion of a %s lets other requests of the isolate run", async (_, convert) => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  try {
    await convert();
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBeGreaterThan(3);
});

it("deriving images from a preview lets other requests of the isolate run", async () => {
  const encoded = await encodeWebp(photoLike(1440, 1080), { quality: 80 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  try {
    const preview = await decodeRendition(encoded);
    expect(ticks).toBeGreaterThanOrEqual(1);
    await deriveScaledImages(preview, null, { preview: 1440, small: 720, thumbnail: 360 });
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBeGreaterThanOrEqual(2);
});
