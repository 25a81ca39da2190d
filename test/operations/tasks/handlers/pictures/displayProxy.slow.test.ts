import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { originalKey, proxyKey, renditionKey } from "../../../../../src/objects/keys.ts";
import { runDisplayProxy } from "../../../../../src/operations/tasks/handlers/pictures/displayProxy.ts";
import type { TaskOutcome } from "../../../../../src/operations/tasks/taskOutcome.ts";
import type { Asset } from "../../../../../src/records/assets/assets.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";
import { orientationTiff } from "../../../../../src/media/transcode/jpeg/jpegSegments.ts";
import { createChunk } from "../../../../../src/media/transcode/rewrite/pngRewrite.ts";
import { quadrantPng, renderPng } from "../../../../support/media/images.ts";
import { concatenate } from "../../../../support/media/renderedImage.ts";
import { animationBytes } from "../../../../support/media/animations.ts";
import { bytesOf, chunk, short, tiff } from "../../../../support/media/buildImage.ts";
import { buildGif } from "../../../../support/media/gifs.ts";
import { crw, mrw, x3f } from "../../../../support/media/buildRaw.ts";
import { jpegOf, rawFile } from "../../../../support/media/rawFiles.ts";
import { instrumentedBucket } from "../../../../support/bindings/bucket.ts";
import { reloadAsset, storeAsset } from "../../../../support/storeAsset.ts";
import { testConfig, testContext } from "../../../../support/context.ts";
import { countingImages } from "../../../../support/bindings/images.ts";
import { decodeWebp } from "../../../../../src/media/transcode/webp/decodeWebp.ts";
import { runPendingTasks } from "../../../../../src/operations/tasks/taskRunner.ts";
import type { RgbaImage } from "../../../../../src/media/transcode/rgbaImage.ts";

async function sizeOfProxy(asset: Asset): Promise<{ width: number; height: number; type: string }> {
  const proxy = await env.BUCKET.get(proxyKey(asset.id, asset.currentVersionId));
  if (proxy === null) throw new Error("no proxy");
  const output = await env.IMAGES.input(proxy.body).transform({ rotate: 0 }).output({ format: "image/png" });
  const bytes = new DataView(await output.response().arrayBuffer());
  return { width: bytes.getUint32(16), height: bytes.getUint32(20), type: proxy.httpMetadata?.contentType ?? "" };
}

/** The longest block of a comment in a GIF. */
const gifComment = Uint8Array.from({ length: 256 }, (_, i) => (i === 0 ? 255 : 32));

/** Appends a byte, so that the SHA-256 differs and the upload isn't a duplicate. */
async function anotherSample(name: string): Promise<Uint8Array> {
  return name.endsWith("HEIC") ? await anotherHeic() : Uint8Array.from([...(await sampleBytes(name)), boxes++]);
}

/** Appends an empty box so that the SHA-256 differs and the upload isn't a duplicate. */
let boxes = 0;
async function anotherHeic(): Promise<Uint8Array> {
  const box = [0, 0, 0, 9, ...Array.from("free", (c) => c.charCodeAt(0)), boxes++];
  return Uint8Array.from([...(await sampleBytes("IMG_7943.HEIC")), ...box]);
}

async function run(name: string, bytes?: Uint8Array): Promise<{ outcome: TaskOutcome; asset: Asset }> {
  const asset = await storeAsset(name, bytes);
  return { outcome: await runDisplayProxy(testContext(), asset), asset };
}

async function renditionOf(asset: Asset, variant: string): Promise<RgbaImage | null> {
  const object = await env.BUCKET.get(renditionKey(asset.id, asset.currentVersionId, variant));
  return object === null ? null : await decodeWebp(await object.bytes());
}

/** An AVIF whose left half is transparent. */
async function transparentAvif(): Promise<Uint8Array> {
  const png = await renderPng(800, 400, (x) => [200, 10, 10, x < 400 ? 0 : 255]);
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/avif" });
  return new Uint8Array(await output.response().arrayBuffer());
}

describe("a photo that the Worker decodes", () => {
  it.each([
    ["IMG_2682.heic", { thumbnail: [360, 270], small: [720, 540], preview: [1440, 1080] }],
    ["8bit-sRGB.avif", { thumbnail: [360, 240], small: [720, 481], preview: [1440, 962] }],
    ["0001_exif.tif", { thumbnail: [15, 7], small: [15, 7], preview: [15, 7] }],
  ])("gets all its images from one decoding, without Cloudflare Images: %s", async (name, sizes) => {
    const asset = await storeAsset(name, await anotherSample(name));
    const { images, renders } = countingImages();
    const { binding: bucket, calls } = instrumentedBucket();
    expect(await runPendingTasks(testContext({ images, bucket }), asset.id)).toBeNull();
    expect(renders()).toBe(0);
    // The original's size and first bytes, whether a proxy exists, the whole original, which a TIFF is read from in
    // parts; the proxy, then thumbnail, small and preview; failures of earlier requests are forgotten. Nothing is read
    // again to analyse the images.
    const parts = name.endsWith(".tif") ? ["get", "get", "get"] : ["get"];
    expect(calls).toEqual(["get", "head", ...parts, "put", "put", "put", "put", "delete"]);
    for (const [variant, [width, height]] of Object.entries(sizes)) {
      expect(await renditionOf(asset, variant), variant).toMatchObject({ width, height });
    }
    const { thumbhash, metrics } = await reloadAsset(asset);
    expect(thumbhash).not.toBeNull();
    expect(metrics).toHaveProperty("exposure");
  });

  it.each([
    ["from-jpeg.jxl", { width: 214, height: 320 }],
    ["lossy-alpha.jxl", { width: 128, height: 96 }],
    ["pq.avif", { width: 320, height: 214 }],
    ["grid.avif", { width: 320, height: 192 }],
  ])("gets all its images without Cloudflare Images: %s", async (name, size) => {
    const asset = await storeAsset(name, await sampleBytes(`test/fixtures/stills/${name}`));
    expect(asset).toMatchObject(size);
    const { images, renders } = countingImages();
    expect(await runPendingTasks(testContext({ images }), asset.id)).toBeNull();
    expect(renders()).toBe(0);
    for (const variant of ["thumbnail", "small", "preview"])
      expect(await renditionOf(asset, variant), variant).toMatchObject(size);
  });

  it("keeps the transparency of an AVIF, with Cloudflare Images", async () => {
    const asset = await storeAsset("glass.avif", await transparentAvif());
    await runPendingTasks(testContext(), asset.id);
    const thumbnail = await renditionOf(asset, "thumbnail");
    expect(thumbnail).toMatchObject({ width: 360, height: 180 });
    const alphaAt = (x: number) => thumbnail?.rgba[(90 * 360 + x) * 4 + 3];
    expect([alphaAt(90), alphaAt(270)]).toEqual([0, 255]);
  });
});

describe("the display_proxy_generation task", () => {
  it("decodes an iPhone HEIC at full size", async () => {
    const { outcome, asset } = await run("IMG_2682.heic");
    expect(outcome).toEqual({ kind: "done", result: "full size, 4032 × 3024, decoded from HEIC in 17 MB" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 4032, height: 3024, type: "image/jpeg" });
  }, 60_000);

  it("asks Cloudflare Images first on the Workers Free plan", async () => {
    const asset = await storeAsset("8bit-sRGB.avif");
    const outcome = await runDisplayProxy(testContext({ config: testConfig({ workersPlan: "free" }) }), asset);
    expect(outcome).toMatchObject({ kind: "done", result: "full size, encoded by Cloudflare Images as image/webp" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 1617, height: 1080, type: "image/webp" });
  });

  it("decodes a TIFF without Cloudflare Images", async () => {
    const { outcome, asset } = await run("0001_exif.tif");
    expect(outcome).toEqual({ kind: "done", result: "full size, 15 × 7, decoded from TIFF" });
    expect(await sizeOfProxy(asset)).toMatchObject({ type: "image/jpeg" });
  });

  it("extracts the embedded JPEG of a RAW file and rotates it upright", async () => {
    const { outcome, asset } = await run("0004_test.dng");
    expect(asset.metadata.orientation).toBe(8);
    expect(outcome).toEqual({ kind: "done", result: "embedded JPEG, 510 × 382" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 382, height: 510, type: "image/jpeg" });
  });

  it.each([
    ["a.crw", crw({ degrees: 90, preview: jpegOf(900, 600) }), { width: 600, height: 900 }],
    ["a.x3f", x3f({ degrees: 270, preview: jpegOf(900, 601) }), { width: 601, height: 900 }],
    ["a.mrw", mrw(tiff({ image: [short(0x112, 3)] }), jpegOf(900, 602)), { width: 900, height: 602 }],
    ["a.nrw", rawFile({ directories: [() => []], blobs: { jpeg: jpegOf(900, 603) } }), { width: 900, height: 603 }],
  ])("extracts the embedded JPEG of %s and rotates it upright", async (name, bytes, size) => {
    const { outcome, asset } = await run(name, bytes);
    expect(outcome).toEqual({ kind: "done", result: expect.stringMatching(/^embedded JPEG, 900 × 60\d$/) });
    expect(await sizeOfProxy(asset)).toEqual({ ...size, type: "image/jpeg" });
  });

  it("is skipped for renderable originals and for videos", async () => {
    expect((await run("cyclamen_persicum.jpg")).outcome.kind).toBe("skipped");
    expect((await run("0009_with-gps.mp4")).outcome.kind).toBe("skipped");
  });

  it("makes one R2 request and writes nothing when it runs again", async () => {
    const { asset } = await run("IMG_7943.HEIC");
    const before = await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId));
    expect(await runDisplayProxy(testContext(), asset)).toEqual({
      kind: "done",
      result: "kept the display proxy",
    });
    const after = await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId));
    expect(after?.uploaded).toEqual(before?.uploaded);
  });

  it("is skipped for a JPEG that has a HEIC file extension", async () => {
    const { outcome } = await run("holiday.heic", await sampleBytes("picasa.jpg"));
    expect(outcome).toEqual({ kind: "skipped", reason: "the original can be rendered directly" });
  });

  it.each([
    ["phone.jpg", "IMG_7943.HEIC", "decoded from HEIC"],
    ["scan.png", "0001_exif.tif", "decoded from TIFF"],
    ["raw.jpg", "0004_test.dng", "embedded JPEG, 510 × 382"],
    ["scan.dng", "0001_exif.tif", "decoded from TIFF"],
    ["clip.jpg", "0009_with-gps.mp4", "decoded a key frame of H.264"],
  ])("goes by the bytes of %s, which are those of %s", async (name, sample, description) => {
    const { outcome } = await run(name, await anotherSample(sample));
    expect(outcome).toEqual({ kind: "done", result: expect.stringContaining(description) });
  });

  it("shrinks a JPEG and a PNG over 20 MB below the renderer's limit", async () => {
    const padding = Uint8Array.from([0xff, 0xfe, 0xff, 0xff, ...new Uint8Array(65_533)]);
    const jpeg = await sampleBytes("el_torcal_rocks.jpg");
    const pieces = [jpeg.subarray(0, 2), ...Array.from({ length: 330 }, () => padding), jpeg.subarray(2)];
    const big = await run("big.jpg", concatenate(pieces));
    expect(big.outcome).toEqual({ kind: "done", result: "full size, 512 × 341, requantized" });
    expect(await sizeOfProxy(big.asset)).toEqual({ width: 512, height: 341, type: "image/jpeg" });
    const png = await sampleBytes("0025_density_plot.png");
    const text = new Uint8Array(21 * 1024 * 1024 + 12);
    new DataView(text.buffer).setUint32(0, text.length - 12);
    text.set([0x74, 0x45, 0x58, 0x74], 4);
    const long = await run("long.png", concatenate([png.subarray(0, 33), text, png.subarray(33)]));
    expect(long.outcome).toEqual({ kind: "done", result: "full size, 800 × 800, decoded from PNG" });
  });

  it("decodes a progressive JPEG over 20 MB, and a damaged one as far as it goes", async () => {
    const padding = Uint8Array.from([0xff, 0xfe, 0xff, 0xff, ...new Uint8Array(65_533)]);
    const padded = (jpeg: Uint8Array) =>
      concatenate([jpeg.subarray(0, 2), ...Array.from({ length: 330 }, () => padding), jpeg.subarray(2)]);
    const progressive = padded(await sampleBytes("test/fixtures/jpeg/progressive-420.jpg"));
    const whole = await run("progressive.jpg", progressive);
    expect(whole.outcome).toEqual({ kind: "done", result: "full size, 241 × 163, decoded from JPEG" });
    expect(await sizeOfProxy(whole.asset)).toEqual({ width: 241, height: 163, type: "image/jpeg" });
    expect(await renditionOf(whole.asset, "preview")).toMatchObject({ width: 241, height: 163 });
    const baseline = await sampleBytes("el_torcal_rocks.jpg");
    const cut = await run("cut.jpg", padded(baseline.subarray(0, baseline.length / 2)));
    expect(cut.outcome).toEqual({
      kind: "done",
      result: expect.stringMatching(
        /^full size, 512 × 341, decoded from JPEG; the file is damaged: \d\d % of the image is missing$/,
      ),
    });
    expect(await renditionOf(cut.asset, "preview")).toMatchObject({ width: 512, height: 341 });
  });

  it("shows a frame of a GIF, an animated WebP or an APNG over 20 MB", async () => {
    const megabytes = 21;
    const gif = await animationBytes("black-first.gif");
    const tableEnd = 13 + 3 * 256;
    const comment = bytesOf([0x21, 0xfe], ...Array.from({ length: megabytes * 4112 }, () => gifComment), [0]);
    const long = await run("long.gif", bytesOf(gif.subarray(0, tableEnd), comment, gif.subarray(tableEnd)));
    const shown = "shows frame 4, the first that is not blank";
    expect(long.outcome).toEqual({ kind: "done", result: `full size, 96 × 64, decoded from GIF; ${shown}` });
    expect(await sizeOfProxy(long.asset)).toEqual({ width: 96, height: 64, type: "image/png" });
    expect(await renditionOf(long.asset, "preview")).toMatchObject({ width: 96, height: 64 });

    const screen = { width: 4000, height: 2600 };
    const wide = await run("wide.gif", buildGif({ ...screen, indexAt: (x) => x >> 5, commentBytes: 12 * 1024 * 1024 }));
    expect(wide.outcome).toEqual({ kind: "done", result: "full size, 4000 × 2600, decoded from GIF" });
    expect(await renditionOf(wide.asset, "preview")).toMatchObject({ width: 1440, height: 936 });

    const webp = await animationBytes("white-first.webp");
    const padding = chunk("JUNK", new Uint8Array(megabytes * 1024 * 1024));
    const headEnd = 12 + 8 + 10;
    const padded = await run("padded.webp", bytesOf(webp.subarray(0, headEnd), padding, webp.subarray(headEnd)));
    expect(padded.outcome).toMatchObject({ kind: "done", result: expect.stringContaining("shows frame 2") });

    const png = await animationBytes("black-first.png");
    const text = createChunk("tEXt", new Uint8Array(megabytes * 1024 * 1024));
    const end = png.length - 12;
    const apng = await run("long.apng.png", bytesOf(png.subarray(0, end), text, png.subarray(end)));
    expect(apng.outcome).toEqual({ kind: "done", result: `full size, 96 × 64, decoded from PNG; ${shown}` });

    const still = await sampleBytes("denali.webp");
    const large = await run("large.webp", bytesOf(still, chunk("JUNK", new Uint8Array(megabytes * 1024 * 1024))));
    expect(large.outcome).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("only if it is an animation"),
    });
  });

  it("turns a PNG over 20 MB by the orientation in its metadata", async () => {
    const png = await quadrantPng(80, 40);
    const orientation = createChunk("eXIf", orientationTiff(6));
    const text = createChunk("tEXt", new Uint8Array(21 * 1024 * 1024));
    const turned = await run("turned.png", concatenate([png.subarray(0, 33), orientation, text, png.subarray(33)]));
    expect(turned.outcome).toMatchObject({ kind: "done" });
    expect([turned.asset.width, turned.asset.height]).toEqual([40, 80]);
    expect(await sizeOfProxy(turned.asset)).toEqual({ width: 40, height: 80, type: "image/jpeg" });
  });

  it.each([
    ["cut short.heic", async () => (await sampleBytes("IMG_2682.heic")).slice(0, 200_000), "is truncated"],
    ["cut short.avif", async () => (await sampleBytes("8bit-sRGB.avif")).slice(0, 300), "is truncated"],
    ["cut short.tif", async () => (await sampleBytes("0001_exif.tif")).slice(0, 300), "truncated"],
    [
      "no preview.nef",
      async () => rawFile({ directories: [() => [[0x100, 3, [4000]]]], blobs: {} }),
      "Nikon NEF: no embedded JPEG found",
    ],
    [
      "sensor only.cr2",
      async () => rawFile({ directories: [() => []], blobs: { raw: jpegOf(900, 700, { frame: 0xc3 }) } }),
      "Canon CR2: no embedded JPEG found",
    ],
    [
      "empty.bmp",
      async () =>
        Uint8Array.from([
          0x42,
          0x4d,
          ...Array.from({ length: 12 }, () => 0),
          40,
          0,
          0,
          0,
          ...Array.from({ length: 60 }, () => 0),
        ]),
      "BMP",
    ],
    ["noise.tiff", async () => crypto.getRandomValues(new Uint8Array(500)), "unsupported image format"],
    ["new.jxl", async () => Uint8Array.from([0xff, 0x0a, ...Array.from({ length: 100 }, () => 1)]), "the JPEG XL is"],
  ])("fails with a reason for %s", async (name, bytes, reason) => {
    const { outcome, asset } = await run(name, await bytes());
    expect(outcome).toEqual({ kind: "failed", reason: expect.stringContaining(reason) });
    expect(await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId))).toBeNull();
  });

  it("fails with a reason when the original is missing", async () => {
    const asset = await storeAsset("IMG.HEIC", await anotherHeic());
    await env.BUCKET.delete(originalKey(asset.id, asset.currentVersionId));
    const outcome = await runDisplayProxy(testContext(), asset);
    expect(outcome).toEqual({ kind: "failed", reason: "the original is missing from the bucket" });
  });

  it("is retried when R2 fails and leaves no object behind", async () => {
    const asset = await storeAsset("IMG.HEIC", await anotherHeic());
    for (const call of ["put", "get", "head"] as const) {
      const bucket = instrumentedBucket({ [call]: "rejected" }).binding;
      await expect(runDisplayProxy(testContext({ bucket }), asset)).rejects.toThrow();
      expect(await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId))).toBeNull();
    }
  });
});
