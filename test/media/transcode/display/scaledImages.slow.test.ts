import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deriveScaledImages } from "../../../../src/media/transcode/display/scaledImages.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import { resizeImage } from "../../../../src/media/transcode/resize/resizeImage.ts";
import { decodeWebp } from "../../../../src/media/transcode/webp/decodeWebp.ts";
import { imagesBindingRenderer, renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import { VARIANT_EDGES_PX } from "../../../../src/operations/delivery/variants.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { ssim } from "../../../support/media/ssim.ts";

/** Photos larger than a thumbnail: a smaller one keeps the bytes of its preview. */
const photos = [
  "cyclamen_persicum.jpg",
  "el_torcal_rocks.jpg",
  "mongolels.jpg",
  "prairie_falcon.jpg",
  "0005_Landscape_5.jpg",
  "0011_Landscape_6.jpg",
  "0008_Panasonic_DMC-LC40.jpg",
  "Portrait_8.jpg",
  "8bit-sRGB.avif",
  "denali.webp",
  "new_location_shown.png",
];

/** Lanczos from the original. Images scales a WebP while decoding it, which is less exact. */
async function referenceOf(name: string, original: Uint8Array): Promise<RgbaImage> {
  if (name.endsWith(".webp")) return resizeImage(await decodeWebp(original), VARIANT_EDGES_PX.thumbnail);
  const rendered = await renderPng(env.IMAGES, new Blob([original]).stream(), VARIANT_EDGES_PX.thumbnail);
  if (rendered.kind !== "rendered") throw new Error(rendered.reason);
  return await decodePng(rendered.bytes);
}

describe("thumbnails derived from a preview", () => {
  it.each(photos)("resemble the original as a Lanczos reference does: %s", async (name) => {
    const original = await sampleBytes(name);
    const url = () => Promise.reject(new Error("unused"));
    const preview = await imagesBindingRenderer(env.IMAGES)(
      { body: new Blob([original]).stream(), url },
      { edgePx: VARIANT_EDGES_PX.preview, format: "webp" },
    );
    if (preview.kind !== "rendered") throw new Error(preview.reason);
    const info = await env.IMAGES.info(new Blob([original]).stream());
    if (!("width" in info)) throw new Error("no size");
    const derived = await deriveScaledImages(await decodeWebp(preview.bytes), preview.bytes, VARIANT_EDGES_PX, info);
    const similarity = ssim(await decodeWebp(derived.thumbnail), await referenceOf(name, original));
    expect(similarity).toBeGreaterThanOrEqual(0.97);
  });
});
