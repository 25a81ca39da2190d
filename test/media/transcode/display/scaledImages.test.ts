import { describe, expect, it } from "vitest";
import { deriveScaledImages } from "../../../../src/media/transcode/display/scaledImages.ts";
import { resizeImage } from "../../../../src/media/transcode/resize/resizeImage.ts";
import { decodeWebp } from "../../../../src/media/transcode/webp/decodeWebp.ts";
import { difference, photoLike } from "../../../support/media/pixelImages.ts";

const edges = { preview: 300, small: 150, thumbnail: 75 };

async function sizeOf(file: Uint8Array): Promise<[number, number]> {
  const { width, height } = await decodeWebp(file);
  return [width, height];
}

describe("deriveScaledImages", () => {
  it("encodes three sizes of one image, and keeps pixels for analysis", async () => {
    const image = photoLike(600, 400);
    const { preview, small, thumbnail, analysis } = await deriveScaledImages(image, null, edges);
    expect(await Promise.all([preview, small, thumbnail].map(sizeOf))).toEqual([
      [300, 200],
      [150, 100],
      [75, 50],
    ]);
    expect(analysis).toMatchObject({ width: 150, height: 100 });
    const decoded = await decodeWebp(thumbnail);
    expect(difference(decoded, resizeImage(image, 75)).mean).toBeLessThan(4);
  });

  it("keeps the bytes of a preview that exists", async () => {
    const encoded = new Uint8Array([1, 2, 3]);
    const { preview, small } = await deriveScaledImages(photoLike(300, 200), encoded, edges);
    expect(preview).toBe(encoded);
    expect(await sizeOf(small)).toEqual([150, 100]);
  });

  it("encodes images of the same size once", async () => {
    const tiny = await deriveScaledImages(photoLike(60, 40), null, edges);
    expect(tiny.small).toBe(tiny.preview);
    expect(tiny.thumbnail).toBe(tiny.preview);
    const middle = await deriveScaledImages(photoLike(150, 40), null, edges);
    expect(middle.small).toBe(middle.preview);
    expect(await sizeOf(middle.thumbnail)).toEqual([75, 20]);
  });

  it("rounds the original's size once", async () => {
    // 200.5 rows are stored as 201, half of which rounds to 101, but 100.25 to 100.
    const preview = photoLike(300, 201);
    const original = { width: 3000, height: 2005 };
    const sizes = async (size?: typeof original) => {
      const { small, thumbnail } = await deriveScaledImages(preview, new Uint8Array(), edges, size);
      return [await sizeOf(small), await sizeOf(thumbnail)];
    };
    expect(await sizes()).toEqual([
      [150, 101],
      [75, 50],
    ]);
    expect(await sizes(original)).toEqual([
      [150, 100],
      [75, 50],
    ]);
    // An embedded preview of another aspect ratio keeps its own.
    expect(await sizes({ width: 3000, height: 3000 })).toEqual(await sizes());
  });

  it("keeps transparency in every size", async () => {
    const image = photoLike(300, 200, (x) => (x < 150 ? 0 : 255));
    for (const file of Object.values(await deriveScaledImages(image, null, edges)).slice(0, 3)) {
      if (!(file instanceof Uint8Array)) throw new Error("not encoded");
      const { rgba, width } = await decodeWebp(file);
      expect([rgba[3], rgba[width * 4 - 1]]).toEqual([0, 255]);
    }
  });
});
