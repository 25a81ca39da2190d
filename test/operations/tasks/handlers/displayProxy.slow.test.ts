import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { originalKey, proxyKey } from "../../../../src/objects/keys.ts";
import { openProxy } from "../../../../src/objects/delivery/displayProxies.ts";
import { runDisplayProxy } from "../../../../src/operations/tasks/handlers/displayProxy.ts";
import type { Outcome } from "../../../../src/operations/tasks/taskOutcome.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { joined } from "../../../support/media/renderedImage.ts";
import { jpegOf, rawFile } from "../../../support/media/rawFiles.ts";
import { watchedBucket } from "../../../support/bindings/bucket.ts";
import { storedAsset, workDeps } from "../../../support/storedAsset.ts";

async function sizeOfProxy(asset: Asset): Promise<{ width: number; height: number; type: string }> {
  const proxy = await openProxy(env.BUCKET, asset.id, asset.currentVersionId);
  if (proxy === null) throw new Error("no proxy");
  const output = await env.IMAGES.input(proxy.body).transform({ rotate: 0 }).output({ format: "image/png" });
  const bytes = new DataView(await output.response().arrayBuffer());
  return { width: bytes.getUint32(16), height: bytes.getUint32(20), type: proxy.httpMetadata?.contentType ?? "" };
}

/** The same picture as other bytes, so that it is no duplicate of another test's: an empty box behind it. */
let boxes = 0;
async function anotherHeic(): Promise<Uint8Array> {
  const box = [0, 0, 0, 9, ...Array.from("free", (c) => c.charCodeAt(0)), boxes++];
  return Uint8Array.from([...(await sampleBytes("0021_IMG_7943.HEIC")), ...box]);
}

async function run(name: string, bytes?: Uint8Array): Promise<{ outcome: Outcome; asset: Asset }> {
  const asset = await storedAsset(name, bytes);
  return { outcome: await runDisplayProxy(workDeps(), asset), asset };
}

describe("the display_proxy_generation task", () => {
  it("makes an iPhone's HEIC visible at its full size, also where Images refuses it", async () => {
    const { outcome, asset } = await run("0019_IMG_2682.heic");
    expect(outcome).toEqual({ kind: "done", result: "full size, 4032 × 3024, decoded in 17 MB of WebAssembly memory" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 4032, height: 3024, type: "image/jpeg" });
  }, 60_000);

  it("lets Images read what it reads, such as AVIF here", async () => {
    const { outcome, asset } = await run("0020_8bit-sRGB.avif");
    expect(outcome).toMatchObject({ kind: "done", result: "full size, by Images, as image/webp" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 1617, height: 1080, type: "image/webp" });
  });

  it("reads a TIFF itself", async () => {
    const { outcome, asset } = await run("0001_exif.tif");
    expect(outcome).toEqual({ kind: "done", result: "full size, 15 × 7, from TIFF" });
    expect(await sizeOfProxy(asset)).toMatchObject({ type: "image/jpeg" });
  });

  it("takes the JPEG out of a RAW file and turns it upright", async () => {
    const { outcome, asset } = await run("0004_test.dng");
    expect(asset.metadata.orientation).toBe(8);
    expect(outcome).toEqual({ kind: "done", result: "the JPEG in the file, 510 × 382" });
    expect(await sizeOfProxy(asset)).toEqual({ width: 382, height: 510, type: "image/jpeg" });
  });

  it("does nothing where the original can be rendered, and nothing for a video", async () => {
    expect((await run("0003_cyclamen_persicum.jpg")).outcome.kind).toBe("skipped");
    expect((await run("0009_with-gps.mp4")).outcome.kind).toBe("skipped");
  });

  it("asks once and writes nothing when it runs again", async () => {
    const { asset } = await run("0021_IMG_7943.HEIC");
    const before = await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId));
    expect(await runDisplayProxy(workDeps(), asset)).toEqual({ kind: "done", result: "made before" });
    const after = await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId));
    expect(after?.uploaded).toEqual(before?.uploaded);
  });

  it("shows a JPEG whose name says HEIC", async () => {
    const { outcome, asset } = await run("holiday.heic", await sampleBytes("0014_picasa.jpg"));
    expect(outcome).toMatchObject({ kind: "done", result: "the file itself: its name says another format" });
    expect(await sizeOfProxy(asset)).toMatchObject({ type: "image/jpeg" });
  });

  it("makes a JPEG and a PNG of over 20 MB small enough for the renderer", async () => {
    const padding = Uint8Array.from([0xff, 0xfe, 0xff, 0xff, ...new Uint8Array(65_533)]);
    const jpeg = await sampleBytes("0007_el_torcal_rocks.jpg");
    const pieces = [jpeg.subarray(0, 2), ...Array.from({ length: 330 }, () => padding), jpeg.subarray(2)];
    const big = await run("big.jpg", joined(pieces));
    expect(big.outcome).toEqual({ kind: "done", result: "full size, 512 × 341, with fewer bytes" });
    expect(await sizeOfProxy(big.asset)).toEqual({ width: 512, height: 341, type: "image/jpeg" });
    const png = await sampleBytes("0025_density_plot.png");
    const text = new Uint8Array(21 * 1024 * 1024 + 12);
    new DataView(text.buffer).setUint32(0, text.length - 12);
    text.set([0x74, 0x45, 0x58, 0x74], 4);
    const long = await run("long.png", joined([png.subarray(0, 33), text, png.subarray(33)]));
    expect(long.outcome).toEqual({ kind: "done", result: "full size, 800 × 800, from PNG" });
  });

  it.each([
    ["cut short.heic", async () => (await sampleBytes("0019_IMG_2682.heic")).slice(0, 200_000), "is cut short"],
    ["cut short.avif", async () => (await sampleBytes("0020_8bit-sRGB.avif")).slice(0, 300), "is cut short"],
    ["cut short.tif", async () => (await sampleBytes("0001_exif.tif")).slice(0, 300), "cut short"],
    [
      "no preview.nef",
      async () => rawFile({ directories: [() => [[0x100, 3, [4000]]]], blobs: {} }),
      "no JPEG of it in the file",
    ],
    [
      "sensor only.cr2",
      async () => rawFile({ directories: [() => []], blobs: { raw: jpegOf(900, 700, { frame: 0xc3 }) } }),
      "no JPEG of it",
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
    ["noise.tiff", async () => crypto.getRandomValues(new Uint8Array(500)), "no picture of a kind that is known"],
    [
      "new.jxl",
      async () => Uint8Array.from([0xff, 0x0a, ...Array.from({ length: 100 }, () => 1)]),
      "Images cannot read it",
    ],
  ])("says why %s can't be shown", async (name, bytes, reason) => {
    const { outcome, asset } = await run(name, await bytes());
    expect(outcome).toEqual({ kind: "impossible", reason: expect.stringContaining(reason) });
    expect(await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId))).toBeNull();
  });

  it("says that the original is missing", async () => {
    const asset = await storedAsset("IMG.HEIC", await anotherHeic());
    await env.BUCKET.delete(originalKey(asset.id, asset.currentVersionId));
    const outcome = await runDisplayProxy(workDeps(), asset);
    expect(outcome).toEqual({ kind: "impossible", reason: "the original is missing from the bucket" });
  });

  it("is to be tried again where the bucket fails, and leaves nothing", async () => {
    const asset = await storedAsset("IMG.HEIC", await anotherHeic());
    for (const call of ["put", "get", "head"] as const) {
      const bucket = watchedBucket({ [call]: "early" }).binding;
      await expect(runDisplayProxy({ ...workDeps(), bucket }, asset)).rejects.toThrow();
      expect(await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId))).toBeNull();
    }
  });
});
