import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodeWebp } from "../../../../src/media/transcode/webp/decodeWebp.ts";
import { renderFailureKey, renditionKey } from "../../../../src/objects/keys.ts";
import type { Context } from "../../../../src/operations/context.ts";
import { displayImages } from "../../../../src/operations/delivery/scaled/displayImages.ts";
import { createRendition } from "../../../../src/operations/delivery/renditions.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { instrumentedBucket, type BucketCall } from "../../../support/bindings/bucket.ts";
import { countingImages, failingImages } from "../../../support/bindings/images.ts";
import { sqlAll } from "../../../support/clients/account.ts";
import { uniqueBytes } from "../../../support/clients/api.ts";
import { testConfig, testContext } from "../../../support/context.ts";
import { bytesOf } from "../../../support/media/buildImage.ts";
import { renderPng } from "../../../support/media/images.ts";
import { findInconsistencies } from "../../../support/rows/consistency.ts";
import { reloadAsset, storeAsset } from "../../../support/storeAsset.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";

const VARIANTS = ["thumbnail", "small", "preview"] as const;
const free = testConfig({ workersPlan: "free" });
const decodedInWorker = testConfig({ renderer: "worker" });

/** A JPEG that differs from those of other tests. */
async function aPhoto(): Promise<Asset> {
  return await storeAsset("photo.jpg", bytesOf(await sampleBytes("0011_Landscape_6.jpg"), uniqueBytes()));
}

/** A context that counts renderings and R2 calls. */
function counted(changes: Partial<Context> = {}): { context: Context; renders: () => number; calls: BucketCall[] } {
  const { images, renders } = countingImages();
  const { binding: bucket, calls } = instrumentedBucket();
  return { context: testContext({ images, bucket, ...changes }), renders, calls };
}

/** The test bucket with some methods replaced. */
function bucketWith(methods: Partial<Record<"get" | "put", unknown>>): R2Bucket {
  return new Proxy(env.BUCKET, {
    get: (target, name): unknown => {
      const member: unknown = Reflect.get(target, name);
      const replacement = name === "get" || name === "put" ? methods[name] : undefined;
      return replacement ?? (typeof member === "function" ? member.bind(target) : member);
    },
  });
}

async function stored(asset: Asset, variant: string): Promise<Uint8Array | null> {
  const object = await env.BUCKET.get(renditionKey(asset.id, asset.currentVersionId, variant));
  return object === null ? null : await object.bytes();
}

/** Stored size in pixels by variant. */
async function storedSizes(asset: Asset): Promise<Record<string, [number, number]>> {
  const sizes: Record<string, [number, number]> = {};
  for (const variant of VARIANTS) {
    const bytes = await stored(asset, variant);
    if (bytes === null) continue;
    const { width, height } = await decodeWebp(bytes);
    sizes[variant] = [width, height];
  }
  return sizes;
}

async function request(context: Context, asset: Asset, variant: string): Promise<boolean> {
  const address = { assetId: asset.id, versionId: asset.currentVersionId, variant };
  return await createRendition(context, address, 0, "https://tintype.test");
}

async function countedRows(asset: Asset): Promise<unknown[]> {
  return await sqlAll("SELECT name, size_bytes FROM derived_files WHERE asset_id = ? ORDER BY name", asset.id);
}

describe("the tasks of a photo", () => {
  it("make thumbnail, small, preview, thumbhash and metrics from one rendering, before anyone asks", async () => {
    const asset = await aPhoto();
    const { context, renders, calls } = counted();
    expect(await runPendingTasks(context, asset.id)).toBeNull();
    expect(renders()).toBe(1);
    // The head and the whole original; then the three renditions.
    expect(calls).toEqual(["get", "get", "put", "put", "put"]);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 240], small: [720, 480], preview: [1440, 960] });
    const { thumbhash, metrics } = await reloadAsset(asset);
    expect([thumbhash, metrics["sharpness"]]).toEqual([expect.any(String), expect.any(Number)]);
    const sizes = await Promise.all(VARIANTS.map(async (variant) => (await stored(asset, variant))?.byteLength ?? 0));
    const sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(await countedRows(asset)).toEqual([{ name: "scaled", size_bytes: sizeBytes }]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("use the preview that a request stored before them", async () => {
    const asset = await aPhoto();
    await request(testContext(), asset, "thumbnail");
    const { context, renders, calls } = counted();
    const images = await displayImages(context, await reloadAsset(asset));
    expect(images).toMatchObject({ kind: "images", analysis: { width: 512, height: 341 } });
    expect([renders(), calls]).toEqual([0, ["get"]]);
    // The same pixels as those of the first run, so that a repeated task has the same result.
    expect(images).toEqual({ ...(await displayImages(testContext(), asset)), way: "unchangedRenditions" });
  });

  it("store one file for variants of the same size", async () => {
    const asset = await storeAsset("small.png", await renderPng(500, 300, (x, y) => [x % 256, y % 256, 9, 255]));
    await displayImages(testContext(), asset);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 216], small: [500, 300], preview: [500, 300] });
    expect(await stored(asset, "small")).toEqual(await stored(asset, "preview"));
  });

  it("decode an image of the size of a thumbnail in the Worker, without a call of Cloudflare Images", async () => {
    const asset = await storeAsset("tiny.png", await renderPng(360, 90, (x) => [x % 256, 30, 9, 255]));
    const { context, renders } = counted();
    expect(await displayImages(context, asset)).toMatchObject({ kind: "images" });
    expect(renders()).toBe(0);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 90], small: [360, 90], preview: [360, 90] });
  });

  it("keep transparency in every size", async () => {
    const asset = await storeAsset("glass.png", await renderPng(900, 900, (x) => [200, 10, 10, x < 450 ? 0 : 255]));
    await displayImages(testContext(), asset);
    for (const variant of VARIANTS) {
      const { width, height, rgba } = await decodeWebp((await stored(asset, variant)) ?? new Uint8Array());
      const alphaAt = (x: number) => rgba[(Math.floor(height / 2) * width + Math.floor(width * x)) * 4 + 3];
      expect([alphaAt(0.25), alphaAt(0.75)], variant).toEqual([0, 255]);
    }
  });

  it("record a refusal, so that no request renders the image again", async () => {
    const asset = await storeAsset("notes.jpg", bytesOf("not an image ", uniqueBytes()));
    expect(await displayImages(testContext(), asset)).toMatchObject({ kind: "none" });
    const { context, renders } = counted();
    for (const variant of VARIANTS) expect(await request(context, asset, variant)).toBe(false);
    expect(renders()).toBe(0);
  });

  it("store nothing and record nothing when the renderer fails for a while", async () => {
    const asset = await aPhoto();
    const context = testContext({ images: failingImages(new Error("IMAGES_TRANSFORM_ERROR 9523: overloaded")) });
    await expect(displayImages(context, asset)).rejects.toThrow("overloaded");
    const key = renderFailureKey(asset.id, asset.currentVersionId, "scaled");
    expect([await storedSizes(asset), await env.BUCKET.head(key)]).toEqual([{}, null]);
    // The other tasks of the message do not call the renderer again.
    const { images, renders } = countingImages();
    await expect(displayImages(Object.assign(context, { images }), asset)).rejects.toThrow("overloaded");
    expect(renders()).toBe(0);
    expect(await displayImages(testContext(), asset)).toMatchObject({ kind: "images" });
  });

  it("leave no uncounted byte and no preview without its smaller variants, wherever storing stops", async () => {
    for (const allowedPuts of [0, 1, 2]) {
      const asset = await aPhoto();
      let puts = 0;
      const put = async (...args: Parameters<R2Bucket["put"]>) => {
        puts += 1;
        if (puts > allowedPuts) throw new Error("put: internal error (10001)");
        return await env.BUCKET.put(...args);
      };
      const bucket = bucketWith({ put });
      await expect(displayImages(testContext({ bucket }), asset)).rejects.toThrow("object storage");
      const { objects } = await env.BUCKET.list({ prefix: `renditions/${asset.id}/` });
      const [row] = await sqlAll("SELECT derived_bytes FROM assets WHERE id = ?", asset.id);
      const storedBytes = objects.reduce((sum, object) => sum + object.size, 0);
      expect(storedBytes).toBeLessThanOrEqual(Number(row?.derived_bytes));
      expect(await stored(asset, "preview")).toBeNull();
      await displayImages(testContext(), await reloadAsset(asset));
      expect(Object.keys(await storedSizes(asset))).toEqual([...VARIANTS]);
      expect(await countedRows(asset)).toHaveLength(1);
    }
  });
});

describe("a request before the tasks have run", () => {
  it("makes all scaled variants from one rendering, also for simultaneous requests", async () => {
    const asset = await aPhoto();
    const { context, renders } = counted();
    const results = await Promise.all(VARIANTS.map((variant) => request(context, asset, variant)));
    expect([results, renders()]).toEqual([[true, true, true], 1]);
    expect(Object.keys(await storedSizes(asset))).toEqual([...VARIANTS]);
  });

  it("renders the full size apart, and the row of the scaled variants stays", async () => {
    const asset = await aPhoto();
    await displayImages(testContext(), asset);
    const { context, renders } = counted();
    expect(await request(context, asset, "fullsize")).toBe(true);
    expect(renders()).toBe(1);
    expect(await countedRows(asset)).toMatchObject([{ name: "fullsize" }, { name: "scaled" }]);
  });
});

describe("with RENDERER=worker", () => {
  it("the tasks of a JPEG make all images without Cloudflare Images, upright", async () => {
    const asset = await aPhoto();
    const { context, renders, calls } = counted({ config: decodedInWorker });
    expect(await runPendingTasks(context, asset.id)).toBeNull();
    expect(renders()).toBe(0);
    // The head, then the whole original in one window.
    expect(calls).toEqual(["get", "get", "put", "put", "put"]);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 240], small: [720, 480], preview: [1440, 960] });
    const { thumbhash, metrics } = await reloadAsset(asset);
    expect([thumbhash, metrics["sharpness"]]).toEqual([expect.any(String), expect.any(Number)]);
  });

  it("a request before the tasks asks Cloudflare Images for the full size only", async () => {
    const asset = await aPhoto();
    const { context, renders } = counted({ config: decodedInWorker });
    expect(await request(context, asset, "thumbnail")).toBe(true);
    expect(renders()).toBe(0);
    expect(await request(context, asset, "fullsize")).toBe(true);
    expect(renders()).toBe(1);
  });

  it("Cloudflare Images renders what the decoder does not support", async () => {
    const asset = await storeAsset("0010_test.gif");
    const { context, renders } = counted({ config: decodedInWorker });
    expect(await displayImages(context, asset)).toMatchObject({ kind: "images" });
    expect(renders()).toBe(1);
  });

  it("a failure of the storage is no refusal of the decoder: the task tries again", async () => {
    const asset = await aPhoto();
    let reads = 0;
    const get = async (...args: Parameters<R2Bucket["get"]>) => {
      reads += 1;
      if (reads > 1) throw new Error("get: internal error (10001)");
      return await env.BUCKET.get(...args);
    };
    const { images, renders } = countingImages();
    const context = testContext({ images, bucket: bucketWith({ get }), config: decodedInWorker });
    await expect(displayImages(context, asset)).rejects.toThrow("object storage");
    expect(renders()).toBe(0);
  });
});

describe("on the Workers Free plan", () => {
  it("the tasks store and analyse the thumbnail, and requests render the other variants", async () => {
    const asset = await aPhoto();
    const { context, renders, calls } = counted({ config: free });
    expect(await runPendingTasks(context, asset.id)).toBeNull();
    expect([renders(), calls]).toEqual([1, ["get", "get", "put"]]);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 240] });
    expect((await reloadAsset(asset)).thumbhash).not.toBeNull();
    expect(await request(context, asset, "preview")).toBe(true);
    expect(renders()).toBe(2);
    expect(await storedSizes(asset)).toEqual({ thumbnail: [360, 240], preview: [1440, 960] });
    expect(await countedRows(asset)).toMatchObject([{ name: "preview" }, { name: "thumbnail" }]);
  });

  it("a repeated task reads the stored thumbnail", async () => {
    const asset = await aPhoto();
    await displayImages(testContext({ config: free }), asset);
    const { context, renders } = counted({ config: free });
    expect(await displayImages(context, await reloadAsset(asset))).toMatchObject({ kind: "images", preview: null });
    expect(renders()).toBe(0);
  });

  it("an upgrade counts the stored files once", async () => {
    const asset = await aPhoto();
    const onFree = testContext({ config: free });
    for (const variant of ["thumbnail", "small"]) await request(onFree, asset, variant);
    expect(await request(testContext(), asset, "preview")).toBe(true);
    expect(await countedRows(asset)).toMatchObject([{ name: "scaled" }]);
    const { objects } = await env.BUCKET.list({ prefix: `renditions/${asset.id}/` });
    const { derivedBytes } = await reloadAsset(asset);
    expect(derivedBytes).toBe(objects.reduce((sum, object) => sum + object.size, 0));
  });
});
