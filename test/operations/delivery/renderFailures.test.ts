import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { renderFailureKey } from "../../../src/objects/keys.ts";
import { deleteAssetObjects } from "../../../src/objects/listing.ts";
import {
  FIRST_RENDER_PAUSE_MS,
  MAX_RENDER_PAUSE_MS,
  MISSING_PROXY_EXPIRES_MS,
  REFUSAL_EXPIRES_MS,
} from "../../../src/operations/delivery/renderFailures.ts";
import { createRendition } from "../../../src/operations/delivery/renditions.ts";
import { runDisplayProxy } from "../../../src/operations/tasks/handlers/pictures/displayProxy.ts";
import { versionKeys } from "../../../src/operations/versions/versionKeys.ts";
import type { Asset } from "../../../src/records/assets/assets.ts";
import { instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingImages, failingImages } from "../../support/bindings/images.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { testContext } from "../../support/context.ts";
import { bytesOf } from "../../support/media/buildImage.ts";
import { plainPng } from "../../support/media/pngs.ts";
import { storeAsset } from "../../support/storeAsset.ts";

type Attempt = "rendered" | "refused" | { retryAfterSeconds: number | undefined };

interface Options {
  images?: ImagesBinding;
  bucket?: R2Bucket;
  nowMs?: number;
  variant?: string;
}

async function attempt(asset: Asset, { variant = "thumbnail", ...changes }: Options): Promise<Attempt> {
  const address = { assetId: asset.id, versionId: asset.currentVersionId, variant };
  try {
    const rendered = await createRendition(testContext(changes), address, 0, "https://tintype.test");
    return rendered ? "rendered" : "refused";
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "rendering_unavailable") throw error;
    return { retryAfterSeconds: error.retryAfterSeconds };
  }
}

function hasRecord(asset: Asset, group: "scaled" | "fullsize"): Promise<boolean> {
  const key = renderFailureKey(asset.id, asset.currentVersionId, group);
  return env.BUCKET.head(key).then((object) => object !== null);
}

let colour = 0;
/** Larger than a thumbnail: the Worker decodes smaller images itself. */
async function anImage(): Promise<Asset> {
  colour += 1;
  return await storeAsset("a.png", await plainPng(400, 10, [colour, 2, 3, 255]));
}

const overloaded = () => failingImages(new Error("IMAGES_TRANSFORM_ERROR 9523: overloaded"));
const requests = ["thumbnail", "small", "preview", "fullsize", "thumbnail", "fullsize"].map((variant) => ({ variant }));

describe("an image that cannot be decoded", () => {
  it("is rendered once per group of variants, whatever is requested", async () => {
    const asset = await storeAsset("notes.jpg", bytesOf("not an image ", uniqueBytes()));
    const { images, renders } = countingImages();
    for (const request of requests) expect(await attempt(asset, { images, ...request })).toBe("refused");
    // Once for the scaled variants; twice for the full size, which falls back to JPEG.
    expect(renders()).toBe(3);
  });

  it("is not read again: one HEAD answers each further request", async () => {
    const asset = await storeAsset("notes.jpg", bytesOf("not an image ", uniqueBytes()));
    await attempt(asset, {});
    const { binding: bucket, calls } = instrumentedBucket();
    expect(await attempt(asset, { bucket, variant: "small" })).toBe("refused");
    expect(calls).toEqual(["head"]);
  });

  it("is tried again after a day", async () => {
    const asset = await storeAsset("notes.jpg", bytesOf("not an image ", uniqueBytes()));
    const nowMs = Date.now();
    await attempt(asset, { nowMs });
    const { images, renders } = countingImages();
    await attempt(asset, { images, nowMs: nowMs + REFUSAL_EXPIRES_MS - 1 });
    expect(renders()).toBe(0);
    await attempt(asset, { images, nowMs: nowMs + REFUSAL_EXPIRES_MS });
    expect(renders()).toBe(1);
  });
});

describe("a temporary failure of the renderer", () => {
  it("pauses rendering for 5 seconds, then four times as long after each failure, at most an hour", async () => {
    const asset = await anImage();
    let nowMs = Date.now();
    let pauseMs = FIRST_RENDER_PAUSE_MS;
    for (let i = 0; i < 8; i++) {
      expect(await attempt(asset, { images: overloaded(), nowMs })).toEqual({ retryAfterSeconds: pauseMs / 1000 });
      const { images, renders } = countingImages();
      const during = await attempt(asset, { images, nowMs: nowMs + pauseMs - 1000 });
      expect([during, renders()]).toEqual([{ retryAfterSeconds: 1 }, 0]);
      nowMs += pauseMs;
      pauseMs = Math.min(MAX_RENDER_PAUSE_MS, pauseMs * 4);
    }
    expect(pauseMs).toBe(MAX_RENDER_PAUSE_MS);
  });

  it("does not concern the other group of variants", async () => {
    const asset = await anImage();
    await attempt(asset, { images: overloaded() });
    expect(await attempt(asset, { variant: "fullsize" })).toBe("rendered");
  });

  it("is forgotten after a rendering that succeeds", async () => {
    const asset = await anImage();
    const nowMs = Date.now();
    await attempt(asset, { images: overloaded(), nowMs });
    expect(await hasRecord(asset, "scaled")).toBe(true);
    expect(await attempt(asset, { nowMs: nowMs + FIRST_RENDER_PAUSE_MS })).toBe("rendered");
    expect(await hasRecord(asset, "scaled")).toBe(false);
  });

  it("of R2 is not recorded", async () => {
    const asset = await anImage();
    const { binding: bucket } = instrumentedBucket({ get: "rejected" });
    await expect(attempt(asset, { bucket })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await hasRecord(asset, "scaled")).toBe(false);
    expect(await attempt(asset, {})).toBe("rendered");
  });
});

/** Breaks off the bodies of whole objects after some bytes. */
function bucketThatBreaksOff(): R2Bucket {
  const broken = (object: R2ObjectBody): R2ObjectBody => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(0x89, 0x50, 0x4e, 0x47)),
      pull: () => Promise.reject(new Error("internal error (10001)")),
    });
    const get = (_: R2ObjectBody, name: string | symbol): unknown =>
      name === "body" ? body : Reflect.get(object, name);
    return new Proxy(object, { get });
  };
  const get = async (key: string, options?: R2GetOptions): Promise<R2ObjectBody | null> => {
    const object = await env.BUCKET.get(key, options ?? {});
    if (object === null || !("body" in object)) return null;
    return options?.range === undefined ? broken(object) : object;
  };
  return new Proxy(env.BUCKET, {
    get: (target, name): unknown => {
      const member: unknown = Reflect.get(target, name);
      if (name === "get") return get;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

describe("a read that breaks off during rendering", () => {
  it("is no refusal: the image is rendered after the pause", async () => {
    const asset = await anImage();
    const nowMs = Date.now();
    const interrupted = await attempt(asset, { bucket: bucketThatBreaksOff(), nowMs });
    expect(interrupted).toEqual({ retryAfterSeconds: FIRST_RENDER_PAUSE_MS / 1000 });
    expect(await attempt(asset, { nowMs: nowMs + FIRST_RENDER_PAUSE_MS })).toBe("rendered");
  });
});

describe("a missing display proxy", () => {
  const unreadableTiff = () => bytesOf("II*\0", [8, 0, 0, 0, 0, 0], uniqueBytes());

  it("is looked for again after five minutes while its task may still create it", async () => {
    const asset = await storeAsset("scan.tif", unreadableTiff());
    const nowMs = Date.now();
    expect(await attempt(asset, { nowMs })).toBe("refused");
    const waiting = instrumentedBucket();
    await attempt(asset, { bucket: waiting.binding, nowMs: nowMs + MISSING_PROXY_EXPIRES_MS - 1 });
    expect(waiting.calls).toEqual(["head"]);
    const later = instrumentedBucket();
    await attempt(asset, { bucket: later.binding, nowMs: nowMs + MISSING_PROXY_EXPIRES_MS });
    expect(later.calls).toEqual(["head", "get", "get", "put"]);
  });

  it("is final when its task fails permanently", async () => {
    const asset = await storeAsset("scan.tif", unreadableTiff());
    expect(await runDisplayProxy(testContext(), asset)).toMatchObject({ kind: "failed" });
    const { binding: bucket, calls } = instrumentedBucket();
    const nextYear = Date.now() + 365 * 24 * 3600_000;
    for (const variant of ["thumbnail", "fullsize"]) {
      expect(await attempt(asset, { bucket, variant, nowMs: nextYear })).toBe("refused");
    }
    expect(calls).toEqual(["head", "head"]);
  });

  it("is forgotten when the proxy is stored", async () => {
    const asset = await storeAsset("0001_exif.tif");
    expect(await attempt(asset, {})).toBe("refused");
    expect(await runDisplayProxy(testContext(), asset)).toMatchObject({ kind: "done" });
    expect(await attempt(asset, {})).toBe("rendered");
  });
});

describe("the record of a failure", () => {
  it("is deleted with its asset and with its version", async () => {
    const asset = await storeAsset("notes.jpg", bytesOf("not an image ", uniqueBytes()));
    await attempt(asset, {});
    await attempt(asset, { variant: "fullsize" });
    const { id: assetId, currentVersionId: versionId } = asset;
    const keys = (["scaled", "fullsize"] as const).map((group) => renderFailureKey(assetId, versionId, group));
    expect(versionKeys({ assetId, versionId })).toEqual(expect.arrayContaining(keys));
    await deleteAssetObjects(env.BUCKET, assetId);
    expect([await hasRecord(asset, "scaled"), await hasRecord(asset, "fullsize")]).toEqual([false, false]);
  });
});
