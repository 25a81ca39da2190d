/**
 * `npm run bench:decoders`: CPU time and memory of decoding originals straight to a preview. The inputs are made from
 * samples/IMG_2682.heic (12 megapixels) with sharp, with noise that gives the JPEG the size of a phone's.
 */
import { readFileSync } from "node:fs";
import sharp, { type Sharp } from "sharp";
import type { MediaFamily } from "../src/media/inspect/formats.ts";
import { cpuMs, median } from "./cpu/clock.ts";
import { loadWasmModules } from "./cpu/wasmModules.ts";

const ROUNDS = 9;
const SAMPLE = "samples/IMG_2682.heic";
const NOISE_SIGMA = 30;

loadWasmModules();

const { memorySource } = await import("../src/media/inspect/bytes/byteSource.ts");
const { avifToJpeg } = await import("../src/media/transcode/heif/avifToJpeg.ts");
const { heicToJpeg } = await import("../src/media/transcode/heif/heicToJpeg.ts");
const { decodeScaled } = await import("../src/media/transcode/scaled/decodeScaled.ts");
const { scaledRows } = await import("../src/media/transcode/scaled/scaledRows.ts");
const { VARIANT_EDGES_PX } = await import("../src/operations/delivery/variants.ts");

const edgePx = VARIANT_EDGES_PX.preview;
const heic = new Uint8Array(readFileSync(SAMPLE));
const limits = { quality: 90, maxBytes: 20 * 1024 * 1024 };

const { pieces } = await heicToJpeg(heic, { ...limits, quality: 98 });

/** The sample at a size, with noise. */
async function photo(width: number, height: number): Promise<Sharp> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: NOISE_SIGMA };
  const overlay = sharp({ create: { width, height, channels: 3, background: "black", noise } });
  const resized = sharp(Buffer.concat(pieces)).resize(width, height, { fit: "fill" });
  return resized.composite([{ input: await overlay.png({ compressionLevel: 1 }).toBuffer(), blend: "soft-light" }]);
}

const phone = await photo(4032, 3024);
const camera = await photo(6000, 4000);
const large = await photo(8064, 6048);
const inputs: [string, MediaFamily, Promise<Buffer>][] = [
  ["JPEG, 12 megapixels, 4:2:0", "jpeg", phone.clone().jpeg({ quality: 90 }).toBuffer()],
  ["JPEG, 12 megapixels, 4:4:4", "jpeg", phone.clone().jpeg({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer()],
  ["JPEG, 12 megapixels, progressive", "jpeg", phone.clone().jpeg({ quality: 90, progressive: true }).toBuffer()],
  ["JPEG, 24 megapixels, 4:2:0", "jpeg", camera.clone().jpeg({ quality: 90 }).toBuffer()],
  ["JPEG, 24 megapixels, progressive", "jpeg", camera.clone().jpeg({ quality: 90, progressive: true }).toBuffer()],
  ["JPEG, 48 megapixels, 4:2:0", "jpeg", large.clone().jpeg({ quality: 80 }).toBuffer()],
  ["JPEG, 48 megapixels, progressive", "jpeg", large.clone().jpeg({ quality: 80, progressive: true }).toBuffer()],
  ["PNG, 12 megapixels, RGB", "png", sharp(Buffer.concat(pieces)).png().toBuffer()],
  ["WebP, 3 megapixels", "webp", (await photo(2048, 1536)).webp({ quality: 80 }).toBuffer()],
];

async function measure(work: () => Promise<number>): Promise<string> {
  const times: number[] = [];
  let peakBytes = 0;
  for (let round = 0; round < ROUNDS; round++)
    times.push(
      await cpuMs(async () => {
        peakBytes = await work();
      }),
    );
  const megabytes = (peakBytes / 2 ** 20).toFixed(1);
  return `${median(times).toFixed(0)} | ${Math.min(...times).toFixed(0)} | ${megabytes}`;
}

console.log("| original | bytes | CPU ms, median | least | peak MB |\n| --- | ---: | ---: | ---: | ---: |");
for (const [name, family, encoded] of inputs) {
  const bytes = new Uint8Array(await encoded);
  const cells = await measure(async () => {
    const result = await decodeScaled(memorySource(bytes), family, edgePx);
    if (result.kind === "unsupported") throw new Error(result.reason);
    return result.peakBytes;
  });
  console.log(`| ${name} | ${bytes.length} | ${cells} |`);
}
const proxy = await measure(async () => (await heicToJpeg(heic, limits)).peakBytes);
console.log(`| HEIC, 12 megapixels, display proxy alone | ${heic.length} | ${proxy} |`);
/** Makes the display proxy and the preview in one pass. */
async function measureBoth(file: Uint8Array, decode: typeof heicToJpeg): Promise<string> {
  return await measure(async () => {
    const rows = scaledRows(edgePx);
    const jpeg = await decode(file, limits, rows.openSink);
    const result = rows.finish();
    return jpeg.peakBytes + (result.kind === "image" ? result.peakBytes : 0);
  });
}
console.log(
  `| HEIC, 12 megapixels, display proxy and preview | ${heic.length} | ${await measureBoth(heic, heicToJpeg)} |`,
);
for (const chromaSubsampling of ["4:2:0", "4:4:4"]) {
  const avif = new Uint8Array(await phone.clone().avif({ quality: 60, effort: 2, chromaSubsampling }).toBuffer());
  const name = `AVIF, 12 megapixels, ${chromaSubsampling}, display proxy and preview`;
  console.log(`| ${name} | ${avif.length} | ${await measureBoth(avif, avifToJpeg)} |`);
}
