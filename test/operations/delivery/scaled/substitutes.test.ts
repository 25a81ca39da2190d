import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { proxyKey, renditionKey } from "../../../../src/objects/keys.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodeWebp } from "../../../../src/media/transcode/webp/decodeWebp.ts";
import type { Context } from "../../../../src/operations/context.ts";
import { createRendition } from "../../../../src/operations/delivery/renditions.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { instrumentedBucket } from "../../../support/bindings/bucket.ts";
import { countingImages, failingImages } from "../../../support/bindings/images.ts";
import { getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { testConfig, testContext } from "../../../support/context.ts";
import { animationBytes } from "../../../support/media/animations.ts";
import { bytesOf } from "../../../support/media/buildImage.ts";
import { difference } from "../../../support/media/pixelImages.ts";
import { scaledImage } from "../../../support/media/scaledImages.ts";
import { findInconsistencies } from "../../../support/rows/consistency.ts";
import { tasksByType } from "../../../support/rows/taskRows.ts";
import { reloadAsset, storeAsset } from "../../../support/storeAsset.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";

beforeAll(async () => {
  await getRootOwner();
});

let copies = 0;
/** A file that differs from those of other tests: bytes after its end change nothing. */
function another(bytes: Uint8Array): Uint8Array {
  return bytesOf(bytes, [0, copies >> 8, copies++]);
}

async function request(context: Context, asset: Asset, variant: string): Promise<boolean> {
  const address = { assetId: asset.id, versionId: asset.currentVersionId, variant };
  return await createRendition(context, address, Math.max(asset.width, asset.height), "https://tintype.test");
}

async function stored(asset: Asset, variant: string): Promise<RgbaImage> {
  const object = await env.BUCKET.get(renditionKey(asset.id, asset.currentVersionId, variant));
  if (object === null) throw new Error(`no ${variant}`);
  return await decodeWebp(await object.bytes());
}

async function hasProxy(asset: Asset): Promise<boolean> {
  return (await env.BUCKET.head(proxyKey(asset.id, asset.currentVersionId))) !== null;
}

async function thumbhashResult(asset: Asset): Promise<unknown> {
  const [row] = await sqlAll("SELECT * FROM asset_tasks WHERE asset_id = ?", asset.id);
  return JSON.stringify(row);
}

describe("an animation whose first frame is blank", () => {
  it.each([
    ["black-first.gif", "black-first", 4],
    ["black-first.png", "test-source", 4],
    ["white-first.webp", "test-source", 2],
    ["transparent-first.gif", "disc", 3],
    ["transparent-first.webp", "disc", 2],
    ["transparent-first.png", "disc", 3],
  ])("is shown by the first that isn't, in all variants: %s", async (name, expected, frame) => {
    const asset = await storeAsset(name, another(await animationBytes(name)));
    expect(await runPendingTasks(testContext(), asset.id)).toBeNull();
    const reference = await scaledImage(await animationBytes(`expected-${expected}.png`), "png", 1440);
    expect(await request(testContext(), asset, "fullsize")).toBe(true);
    for (const variant of ["preview", "small", "thumbnail", "fullsize"]) {
      expect(difference(await stored(asset, variant), reference).mean, variant).toBeLessThan(14);
    }
    expect(await thumbhashResult(asset)).toContain(`shows frame ${frame}, the first that is not blank`);
    const { thumbhash, metrics } = await reloadAsset(asset);
    expect(thumbhash).not.toBeNull();
    expect(metrics).not.toBeNull();
    expect(await findInconsistencies()).toEqual({});
  });

  it("is shown so when the full size is requested before the tasks ran", async () => {
    const asset = await storeAsset("early.gif", another(await animationBytes("black-first.gif")));
    expect(await request(testContext(), asset, "fullsize")).toBe(true);
    const reference = await scaledImage(await animationBytes("expected-black-first.png"), "png", 1440);
    expect(difference(await stored(asset, "fullsize"), reference).mean).toBeLessThan(14);
    expect(difference(await stored(asset, "preview"), reference).mean).toBeLessThan(14);
  });

  it("is shown by its first frame if all are blank, or on the Workers Free plan", async () => {
    const blank = await storeAsset("blank.gif", another(await animationBytes("all-blank.gif")));
    expect(await runPendingTasks(testContext(), blank.id)).toBeNull();
    expect(await hasProxy(blank)).toBe(false);
    expect([...(await stored(blank, "preview")).rgba.subarray(0, 1)][0]).toBeGreaterThan(240);
    const free = await storeAsset("free.gif", another(await animationBytes("black-first.gif")));
    await runPendingTasks(testContext({ config: testConfig({ workersPlan: "free" }) }), free.id);
    expect(await hasProxy(free)).toBe(false);
  });
});

describe("an animation whose first frame shows something, and a still image", () => {
  it.each(["0010_test.gif", "denali.webp", "0025_density_plot.png"])("costs no further read: %s", async (name) => {
    const asset = await storeAsset(name, another(await sampleBytes(name)));
    const { binding: bucket, calls } = instrumentedBucket();
    const { images, renders } = countingImages();
    await runPendingTasks(testContext({ bucket, images }), asset.id);
    expect(renders()).toBe(1);
    // The head and the whole original; then the three renditions.
    expect(calls).toEqual(["get", "get", "put", "put", "put"]);
  });
});

describe("a damaged photo", () => {
  const cut = async (name: string, share = 0.6) => {
    const bytes = await sampleBytes(name);
    return bytes.subarray(0, Math.floor(bytes.length * share) - copies++);
  };

  it.each([
    ["el_torcal_rocks.jpg", "jpeg"],
    ["0025_density_plot.png", "png"],
  ] as const)("is shown as far as it goes, and its task says how much is missing: %s", async (name, family) => {
    const asset = await storeAsset(name, await cut(name));
    const { images, renders } = countingImages();
    expect(await runPendingTasks(testContext({ images }), asset.id)).toBeNull();
    expect(renders()).toBe(1);
    const whole = await scaledImage(await sampleBytes(name), family, 1440);
    const preview = await stored(asset, "preview");
    expect(preview).toMatchObject({ width: whole.width, height: whole.height });
    const top = ({ width, height, rgba }: RgbaImage) => {
      const rows = height >> 4;
      return { width, height: rows, rgba: rgba.subarray(0, width * rows * 4) };
    };
    expect(difference(top(preview), top(whole)).mean).toBeLessThan(8);
    expect([...preview.rgba.subarray(-4)].map((value) => Math.round(value / 10))).toEqual([13, 13, 13, 26]);
    expect(await thumbhashResult(asset)).toMatch(/the file is damaged: \d\d % of the image is missing/);
    expect(await request(testContext(), asset, "fullsize")).toBe(true);
    expect(difference(await stored(asset, "fullsize"), preview).mean).toBeLessThan(6);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is shown without a call of Cloudflare Images where the Worker decodes photos", async () => {
    const asset = await storeAsset("worker.jpg", await cut("el_torcal_rocks.jpg"));
    const { images, renders } = countingImages();
    await runPendingTasks(testContext({ images, config: testConfig({ renderer: "worker" }) }), asset.id);
    expect(renders()).toBe(0);
    expect(await stored(asset, "preview")).toMatchObject({ width: 512, height: 341 });
    expect(await thumbhashResult(asset)).toContain("of the image is missing");
  });

  it("is shown on request before its tasks ran", async () => {
    const asset = await storeAsset("early.jpg", await cut("el_torcal_rocks.jpg"));
    expect(await request(testContext(), asset, "fullsize")).toBe(true);
    expect(await request(testContext(), asset, "thumbnail")).toBe(true);
    expect(await stored(asset, "fullsize")).toMatchObject({ width: 512, height: 341 });
  });

  it("is shown at full size where the zone's renderer fails", async () => {
    const asset = await storeAsset("zone.jpg", await cut("el_torcal_rocks.jpg"));
    const zone = testContext({ config: testConfig({ imageDelivery: "cf-image" }) });
    expect(await request(zone, asset, "fullsize")).toBe(true);
    expect(await stored(asset, "fullsize")).toMatchObject({ width: 512, height: 341 });
  });

  it("isn't tried again and again if Cloudflare Images reports an internal error", async () => {
    const images = failingImages(new Error("9523: internal error"));
    const damaged = await storeAsset("internal.jpg", await cut("el_torcal_rocks.jpg"));
    expect(await runPendingTasks(testContext({ images }), damaged.id)).toBeNull();
    expect(await stored(damaged, "preview")).toMatchObject({ width: 512 });
    const whole = await storeAsset("whole.jpg", another(await sampleBytes("el_torcal_rocks.jpg")));
    expect(await runPendingTasks(testContext({ images }), whole.id)).not.toBeNull();
  });

  it("has no picture, and its reason, if nothing is left", async () => {
    const asset = await storeAsset("header.jpg", (await sampleBytes("el_torcal_rocks.jpg")).subarray(0, 900));
    await runPendingTasks(testContext(), asset.id);
    expect((await tasksByType(asset.id))["thumbhash"]).toMatchObject({ status: "failure" });
    expect(await hasProxy(asset)).toBe(false);
    expect(await request(testContext(), asset, "preview")).toBe(false);
  });

  it("of GIF and animated WebP is shown by its whole frames", async () => {
    const gif = await storeAsset("cut.gif", await cut("0010_test.gif", 0.2));
    await runPendingTasks(testContext(), gif.id);
    expect(await stored(gif, "preview")).toMatchObject({ width: gif.width, height: gif.height });
    const bytes = await animationBytes("white-first.webp");
    const webp = await storeAsset("cut.webp", bytes.subarray(0, bytes.length - 900));
    await runPendingTasks(testContext(), webp.id);
    const reference = await scaledImage(await animationBytes("expected-test-source.png"), "png", 1440);
    expect(difference(await stored(webp, "preview"), reference).mean).toBeLessThan(14);
  });
});
