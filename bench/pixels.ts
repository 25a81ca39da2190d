/**
 * `npm run bench:pixels`: CPU time of the pixel kernels, and how far the images that they derive from a preview resemble
 * the original. sharp makes the previews, as Cloudflare Images does in production, and the Lanczos references. Reads
 * the photos of samples/ and test/fixtures/media/, or of the folders in its arguments.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import sharp from "sharp";
import type { RgbaImage } from "../src/media/transcode/rgbaImage.ts";
import { ssim } from "../test/support/media/ssim.ts";
import { cpuMs, median } from "./cpu/clock.ts";
import { loadWasmModules } from "./cpu/wasmModules.ts";

const PREVIEW_QUALITY = 85;
const REFERENCE_QUALITY = 80;
const MIN_SSIM = 0.97;
const ROUNDS = 15;
/** CPU time is counted in steps of up to a millisecond. */
const RUNS_PER_ROUND = 5;

loadWasmModules();

const { deriveScaledImages, toAnalysisImage, WEBP_QUALITIES } =
  await import("../src/media/transcode/display/scaledImages.ts");
const { encodePreviewJpeg } = await import("../src/media/transcode/display/previewJpeg.ts");
const { VARIANT_EDGES_PX } = await import("../src/operations/delivery/variants.ts");
const { measureQuality } = await import("../src/media/transcode/quality/qualityMetrics.ts");
const { resizeImage } = await import("../src/media/transcode/resize/resizeImage.ts");
const { encodeThumbhash } = await import("../src/media/transcode/thumbhash.ts");
const { decodeWebp } = await import("../src/media/transcode/webp/decodeWebp.ts");
const { encodeWebp } = await import("../src/media/transcode/webp/encodeWebp.ts");

/** Decodes with sharp: upright, in sRGB, scaled with Lanczos-3 from the full size. */
async function reference(path: string, { width, height }: { width: number; height: number }): Promise<RgbaImage> {
  const resized = sharp(path).rotate().resize(width, height, { fit: "fill", fastShrinkOnLoad: false });
  return { width, height, rgba: new Uint8Array(await resized.ensureAlpha().raw().toBuffer()) };
}

async function previewOf(path: string): Promise<Uint8Array | null> {
  const edge = VARIANT_EDGES_PX.preview;
  const sized = sharp(path).rotate().resize(edge, edge, { fit: "inside", withoutEnlargement: true });
  // sharp has no HEVC decoder.
  return await sized
    .webp({ quality: PREVIEW_QUALITY })
    .toBuffer()
    .catch(() => null);
}

async function sharpBytes(image: RgbaImage): Promise<number> {
  const { width, height, rgba } = image;
  const encoder = sharp(rgba, { raw: { width, height, channels: 4 } }).webp({ quality: REFERENCE_QUALITY });
  return (await encoder.toBuffer()).length;
}

async function originalSize(path: string): Promise<{ width: number; height: number }> {
  const { autoOrient } = await sharp(path).metadata();
  return autoOrient;
}

/** Similarity and size of a derived image; null if the photo is so small that it keeps the bytes of the preview. */
async function compare(path: string, encoded: Uint8Array, preview: Uint8Array) {
  if (encoded === preview) return null;
  const image = await decodeWebp(encoded);
  const exact = await reference(path, image);
  return { similarity: ssim(image, exact), bytes: encoded.length, sharpBytes: await sharpBytes(exact) };
}

const SMALLEST_PX = 11;
let isFaithful = true;

async function printSimilarity(path: string): Promise<void> {
  const preview = await previewOf(path);
  if (preview === null) return;
  const image = await decodeWebp(preview);
  if (Math.min(image.width, image.height) < SMALLEST_PX) return;
  const derived = await deriveScaledImages(image, preview, VARIANT_EDGES_PX, await originalSize(path));
  const cells = [await compare(path, derived.small, preview), await compare(path, derived.thumbnail, preview)].map(
    (result) => {
      if (result === null) return " | – | – | –";
      isFaithful &&= result.similarity >= MIN_SSIM;
      return ` | ${result.similarity.toFixed(4)} | ${result.bytes} | ${result.sharpBytes}`;
    },
  );
  console.log(`| ${basename(path)} | ${image.width} × ${image.height} | ${preview.length}${cells.join("")} |`);
}

async function printCpu(path: string): Promise<void> {
  const preview = await previewOf(path);
  if (preview === null) throw new Error(`sharp can't read ${path}`);
  const image = await decodeWebp(preview);
  const small = resizeImage(image, VARIANT_EDGES_PX.small);
  const thumbnail = resizeImage(small, VARIANT_EDGES_PX.thumbnail);
  const analysis = toAnalysisImage(small);
  const encodedThumbnail = await encodeWebp(thumbnail, { quality: WEBP_QUALITIES.preview });
  const kernels: Record<string, () => unknown> = {
    "decode the preview": () => decodeWebp(preview),
    "resize it to 720 px": () => resizeImage(image, VARIANT_EDGES_PX.small),
    "resize that to 360 px": () => resizeImage(small, VARIANT_EDGES_PX.thumbnail),
    "resize that to 512 px": () => toAnalysisImage(small),
    "encode 720 px": () => encodeWebp(small, { quality: WEBP_QUALITIES.small }),
    "encode 360 px": () => encodeWebp(thumbnail, { quality: WEBP_QUALITIES.thumbnail }),
    thumbhash: () => encodeThumbhash(analysis),
    "quality metrics": () => measureQuality(analysis),
    "all of them": async () => {
      const derived = await deriveScaledImages(await decodeWebp(preview), preview, VARIANT_EDGES_PX);
      encodeThumbhash(derived.analysis);
      measureQuality(derived.analysis);
    },
    "encode a preview": () => encodeWebp(image, { quality: WEBP_QUALITIES.preview }),
    "encode a JPEG for a caption": () => encodePreviewJpeg(image),
    "thumbnail of Images: decode, thumbhash, metrics": async () => {
      const decoded = await decodeWebp(encodedThumbnail);
      encodeThumbhash(decoded);
      measureQuality(decoded);
    },
  };
  console.log(`\n${basename(path)}, ${image.width} × ${image.height}, a preview of ${preview.length} bytes\n`);
  console.log("| kernel | CPU ms, median | least |\n| --- | ---: | ---: |");
  for (const [name, kernel] of Object.entries(kernels)) {
    const times: number[] = [];
    const runs = async () => {
      for (let run = 0; run < RUNS_PER_ROUND; run++) await kernel();
    };
    for (let round = 0; round < ROUNDS; round++) times.push((await cpuMs(runs)) / RUNS_PER_ROUND);
    console.log(`| ${name} | ${median(times).toFixed(1)} | ${Math.min(...times).toFixed(1)} |`);
  }
}

const folders = process.argv.length > 2 ? process.argv.slice(2) : ["samples", "test/fixtures/media"];
const photos = folders
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((path) => /\.(jpe?g|png|webp|avif)$/i.test(path));

console.log("| photo | preview | bytes | small: SSIM | bytes | sharp | thumbnail: SSIM | bytes | sharp |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const path of photos) await printSimilarity(path);
const detailed = photos.filter((path) => /LC40|8bit-sRGB/.test(path));
for (const path of detailed) await printCpu(path);
if (!isFaithful) {
  console.error(`\nA derived image has a similarity below ${MIN_SSIM}.`);
  process.exitCode = 1;
}
