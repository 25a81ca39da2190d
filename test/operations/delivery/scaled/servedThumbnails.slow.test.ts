/** Compares the stored thumbnails of all sample photos with a Lanczos reference of their display source. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { RENDERER_KINDS } from "../../../../src/kernel/config.ts";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import { resizeImage } from "../../../../src/media/transcode/resize/resizeImage.ts";
import { decodeWebp } from "../../../../src/media/transcode/webp/decodeWebp.ts";
import { originalKey, renditionKey } from "../../../../src/objects/keys.ts";
import { openOriginal } from "../../../../src/objects/uploads/originals.ts";
import { openDisplaySource } from "../../../../src/operations/delivery/displaySource.ts";
import { VARIANT_EDGES_PX } from "../../../../src/operations/delivery/variants.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { sampleBytes, sampleNames } from "../../../fixtures/media/samples.ts";
import { countingImages } from "../../../support/bindings/images.ts";
import { testConfig, testContext } from "../../../support/context.ts";
import { ssim } from "../../../support/media/ssim.ts";
import { storeAsset } from "../../../support/storeAsset.ts";

const photos = sampleNames.filter((name) => !/\.(mov|mp4)$/i.test(name));
const MIN_SIMILARITY = 0.97;
/** The window of SSIM. */
const MIN_SIDE_PX = 11;

/** Photos that the Worker can't decode: a GIF, and one whose colour profile has tables. */
const unsupported = new Set(["0010_test.gif", "thompson-springs.jpg"]);

async function storedImage(asset: Asset, variant: string): Promise<RgbaImage> {
  const object = await env.BUCKET.get(renditionKey(asset.id, asset.currentVersionId, variant));
  if (object === null) throw new Error(`no ${variant}`);
  return await decodeWebp(await object.bytes());
}

/** The image that a thumbnail is compared with, in a format of local Images. */
async function displayedBody(asset: Asset, name: string): Promise<ReadableStream<Uint8Array>> {
  const original = await openOriginal(env.BUCKET, originalKey(asset.id, asset.currentVersionId));
  if (original === null) throw new Error("no original");
  // Local Images would shrink the display proxies of these two while it decodes them.
  if (name.endsWith(".avif")) return original.body;
  if (/\.heic$/i.test(name)) {
    const { pieces } = await heicToJpeg(await original.bytes(), { quality: 98, maxBytes: 20 * 1024 * 1024 });
    return new Blob(pieces.map((piece) => Uint8Array.from(piece))).stream();
  }
  await original.body.cancel();
  const source = await openDisplaySource(testContext(), asset);
  if (source.kind === "none") throw new Error(source.reason);
  return source.body;
}

/** Local Images scales with Lanczos-3, except a WebP, which it shrinks while decoding. */
async function referenceOf(asset: Asset, name: string, edgePx: number): Promise<RgbaImage> {
  if (name.endsWith(".webp")) return resizeImage(await decodeWebp(await sampleBytes(name)), edgePx);
  const png = await renderPng(env.IMAGES, await displayedBody(asset, name), edgePx);
  if (png.kind !== "rendered") throw new Error(png.reason);
  return await decodePng(png.bytes);
}

/** The largest difference of a channel. The similarity of two almost black images says nothing. */
function largestDifference(a: RgbaImage, b: RgbaImage): number {
  return a.rgba.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (b.rgba[at] ?? 0))), 0);
}

describe.each(RENDERER_KINDS)("RENDERER=%s", (renderer) => {
  it.each(photos)("stores a thumbnail that resembles the photo: %s", async (name) => {
    // A byte that no decoder reads, so that each renderer has an asset of its own.
    const serial = RENDERER_KINDS.indexOf(renderer);
    const asset = await storeAsset(name, Uint8Array.from([...(await sampleBytes(name)), serial]));
    const { images, renders } = countingImages();
    await runPendingTasks(testContext({ images, config: testConfig({ renderer }) }), asset.id);
    const thumbnail = await storedImage(asset, "thumbnail");
    const reference = await referenceOf(asset, name, VARIANT_EDGES_PX.thumbnail);
    expect([thumbnail.width, thumbnail.height]).toEqual([reference.width, reference.height]);
    const isLarge = Math.min(thumbnail.width, thumbnail.height) >= MIN_SIDE_PX;
    if (isLarge && largestDifference(thumbnail, reference) > 1)
      expect(ssim(thumbnail, reference)).toBeGreaterThanOrEqual(MIN_SIMILARITY);
    if (renderer === "worker") expect(renders()).toBe(unsupported.has(name) ? 1 : 0);
    else expect(renders()).toBeLessThanOrEqual(1);
  });
});
