import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../support/media/decodePng.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { call, upload, type CallOptions } from "../../support/clients/api.ts";
import { countingImages } from "../../support/bindings/images.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { nearestColour, jpegWithOrientation, renderPng, quadrantPng } from "../../support/media/images.ts";
import { testContext } from "../../support/context.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

interface Variant {
  url: string;
  mimetype: string;
  width: number | null;
}
interface Uploaded {
  id: string;
  width: number;
  height: number;
  asset_urls: Record<string, Variant>;
}

async function uploadImage(bytes: Uint8Array, name: string, options: CallOptions = {}): Promise<Uploaded> {
  const response = await upload(bytes, { ...options, name });
  expect(response.status).toBe(201);
  return await response.json<Uploaded>();
}

function urlOf(asset: Uploaded, variant: string): string {
  const body = asset.asset_urls[variant];
  if (body === undefined) throw new Error(`no ${variant}`);
  return body.url;
}

async function open(asset: Uploaded, variant: string, accept = "*/*", options: CallOptions = {}): Promise<Response> {
  return await call("GET", urlOf(asset, variant), { token: null, headers: { accept }, ...options });
}

async function sizeOf(response: Response): Promise<{ width: number; height: number }> {
  if (response.body === null) throw new Error("no body");
  const info = await env.IMAGES.info(response.body);
  return "width" in info ? { width: info.width, height: info.height } : { width: 0, height: 0 };
}

/** Decodes a small rendition via PNG. */
async function pixelsOf(response: Response) {
  if (response.body === null) throw new Error("no body");
  const png = await env.IMAGES.input(response.body).output({ format: "image/png" });
  return await decodePng(new Uint8Array(await png.response().arrayBuffer()));
}

describe("renditions", () => {
  const samples = ["0005_Landscape_5.jpg", "Portrait_8.jpg", "denali.webp", "new_location_shown.png", "0010_test.gif"];
  it.each(samples)("are upright, as wide as stated and never enlarged: %s", async (name) => {
    const asset = await uploadImage(await sampleBytes(name), name);
    const edges = { thumbnail: 360, small: 720, preview: 1440, fullsize: Number.POSITIVE_INFINITY };
    for (const [variant, edge] of Object.entries(edges)) {
      const response = await open(asset, variant);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(asset.asset_urls[variant]?.mimetype);
      const scale = Math.min(1, edge / Math.max(asset.width, asset.height));
      const size = await sizeOf(response);
      expect(size).toEqual({ width: Math.round(asset.width * scale), height: Math.round(asset.height * scale) });
      expect(asset.asset_urls[variant]?.width).toBe(size.width);
    }
  });

  const corners: Record<number, string> = {
    1: "red",
    2: "green",
    3: "white",
    4: "blue",
    5: "red",
    6: "blue",
    7: "white",
    8: "green",
  };
  it.each(Object.entries(corners))("are rotated upright for orientation %s", async (orientation, topLeft) => {
    const bytes = await jpegWithOrientation(await quadrantPng(80, 40), Number(orientation));
    const asset = await uploadImage(bytes, `o${orientation}.jpg`);
    const sideways = Number(orientation) > 4;
    expect([asset.width, asset.height]).toEqual(sideways ? [40, 80] : [80, 40]);
    const image = await pixelsOf(await open(asset, "thumbnail"));
    expect([image.width, image.height]).toEqual([asset.width, asset.height]);
    const at = (4 * image.width + 4) * 4;
    expect(nearestColour(image.rgba.subarray(at, at + 4))).toBe(topLeft);
  });

  it("contain no metadata", async () => {
    const asset = await uploadImage(await sampleBytes("thompson-springs.jpg"), "gps.jpg");
    for (const variant of ["thumbnail", "small", "preview", "fullsize"]) {
      const bytes = new Uint8Array(await (await open(asset, variant)).arrayBuffer());
      const text = String.fromCharCode(...bytes.subarray(0, 60_000));
      expect(text).not.toMatch(/Exif\0|EXIF|http:\/\/ns\.adobe|Photoshop 3\.0|Thompson/);
    }
  });

  it("keep transparency", async () => {
    const png = await renderPng(64, 64, (x) => [255, 0, 0, x < 32 ? 0 : 255]);
    const asset = await uploadImage(png, "alpha.png");
    const image = await pixelsOf(await open(asset, "thumbnail"));
    expect(image.rgba[(32 * 64 + 8) * 4 + 3]).toBe(0);
    expect(image.rgba[(32 * 64 + 56) * 4 + 3]).toBe(255);
  });

  it.each([
    ["1×1", 1, 1],
    ["1×20000", 1, 20_000],
    ["20000×1", 20_000, 1],
  ])("are created from an image of %s pixels", async (_name, width, height) => {
    const asset = await uploadImage(await renderPng(width, height, () => [0, 128, 255, 255]), "odd.png");
    const response = await open(asset, "thumbnail");
    expect(response.status).toBe(200);
    expect(await sizeOf(response)).toEqual({ width: Math.min(width, 360), height: Math.min(height, 360) });
  });

  it("are created from 16 bits per channel", async () => {
    const asset = await uploadImage(await renderPng(32, 32, () => [200, 10, 10, 255], 16), "deep.png");
    const image = await pixelsOf(await open(asset, "thumbnail"));
    expect(nearestColour(image.rgba.subarray(0, 4))).toBe("red");
  });
});

async function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const module: unknown = await import(/* @vite-ignore */ `/test/fixtures/images/${name}?url&inline`);
  const url = typeof module === "object" && module !== null && "default" in module ? String(module.default) : "";
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

describe("unusual images", () => {
  it("keep the colours of a CMYK JPEG", async () => {
    const asset = await uploadImage(await fixture("cmyk.jpg"), "print.jpg");
    const image = await pixelsOf(await open(asset, "thumbnail"));
    expect([image.width, image.height]).toEqual([48, 32]);
    expect(nearestColour(image.rgba.subarray(0, 4))).toBe("red");
  });

  it("are rendered or fail permanently with a reason: 108 megapixels", async () => {
    // Only this test's own consumer processes the asset.
    const asset = await uploadImage(await fixture("108-megapixels.png"), "huge.png", {
      env: { QUEUE: recordingQueue().binding },
    });
    expect([asset.width, asset.height]).toEqual([12_000, 9000]);
    const response = await open(asset, "thumbnail");
    expect([200, 404]).toContain(response.status);
    if (response.status === 200) expect(await sizeOf(response)).toEqual({ width: 360, height: 270 });
    await runPendingTasks(testContext(), asset.id);
    for (const task of await readTasks(asset.id)) {
      expect(["success", "failure"]).toContain(task.status);
      if (task.status === "failure") expect(task.error_message).toMatch(/\S/);
    }
  });
});

/** A JPEG whose header states other dimensions. */
async function jpegOfSize(width: number, height: number): Promise<Uint8Array> {
  const jpeg = await jpegWithOrientation(await quadrantPng(80, 40), 1);
  const frameAt = jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1] ?? 0));
  jpeg.set([height >> 8, height & 255, width >> 8, width & 255], frameAt + 5);
  return jpeg;
}

describe("images beyond a limit of the renderer", () => {
  it("have a JPEG as full size when a side is too long for WebP", async () => {
    const asset = await uploadImage(await renderPng(16_384, 2, () => [255, 0, 0, 255]), "long.png");
    expect(asset.asset_urls["fullsize"]?.mimetype).toBe("image/jpeg");
    for (const accept of ["image/webp,*/*", "image/jpeg", "image/avif,image/webp"]) {
      const response = await open(asset, "fullsize", accept);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
      expect(await sizeOf(response)).toEqual({ width: 16_384, height: 2 });
    }
    const limit = await uploadImage(await renderPng(16_383, 2, () => [255, 0, 0, 255]), "limit.png");
    expect(limit.asset_urls["fullsize"]?.mimetype).toBe("image/webp");
    expect((await open(limit, "fullsize", "image/webp")).headers.get("content-type")).toBe("image/webp");
  });

  it.each([
    ["a side that no format holds", () => renderPng(65_600, 2, () => [255, 0, 0, 255]), ["fullsize"]],
    ["300 megapixels", () => jpegOfSize(20_000, 15_000), ["thumbnail", "small", "preview", "fullsize"]],
  ])("answer 404 and are rendered only once per group of variants: %s", async (_name, build, refused) => {
    const bytes = await build();
    const asset = await uploadImage(bytes, bytes[0] === 0xff ? "huge.jpg" : "huge.png", {
      env: { QUEUE: recordingQueue().binding },
    });
    for (const variant of refused) expect((await open(asset, variant)).status).toBe(404);
    const { images, renders } = countingImages();
    for (const variant of refused) {
      const response = await open(asset, variant, "*/*", { env: { IMAGES: images } });
      expect(response.status).toBe(404);
    }
    expect(renders()).toBe(0);
  });
});

describe("the format of a rendition", () => {
  it("is the stated one whatever a client accepts, so that a cache needs one entry per URL", async () => {
    const asset = await uploadImage(await renderPng(40, 41, () => [1, 2, 3, 255]), "accept.png");
    for (const variant of ["thumbnail", "small", "preview", "fullsize"]) {
      expect(asset.asset_urls[variant]?.mimetype).toBe("image/webp");
      for (const accept of ["image/avif,image/webp,*/*;q=0.8", "image/webp", "*/*", "image/jpeg", "image/png"]) {
        const response = await open(asset, variant, accept);
        expect(response.headers.get("content-type")).toBe("image/webp");
        expect(response.headers.get("vary")).toBeNull();
        expect(response.headers.get("cache-control")).toMatch(/^public, max-age=\d+, immutable/);
        await response.body?.cancel();
      }
    }
    const stored = await env.BUCKET.list({ prefix: `renditions/${asset.id}/` });
    const names = stored.objects.map(({ key }) => key.split("/").at(-1));
    expect(names.toSorted()).toEqual(["fullsize", "preview", "small", "thumbnail"]);
  });

  it("is JPEG for a full size that the API states as JPEG, also when its source is smaller", async () => {
    const asset = await uploadImage(await renderPng(50, 51, () => [1, 2, 3, 255]), "stated.png");
    await env.DB.prepare("UPDATE assets SET width = 16384 WHERE id = ?").bind(asset.id).run();
    const listed = await (await call("GET", `/api/assets/${asset.id}?include=variants`)).json<Uploaded>();
    for (const variant of ["fullsize", "preview"]) {
      const response = await open(listed, variant);
      expect(response.headers.get("content-type")).toBe(listed.asset_urls[variant]?.mimetype);
      await response.body?.cancel();
    }
    expect(listed.asset_urls["fullsize"]?.mimetype).toBe("image/jpeg");
  });
});

describe("rendering", () => {
  it("happens once: a thousand further requests render nothing and read at most three rows each", async () => {
    const { images, renders } = countingImages();
    const withoutTasks = { env: { QUEUE: recordingQueue().binding } };
    const asset = await uploadImage(await renderPng(50, 50, () => [9, 9, 9, 255]), "warm.png", withoutTasks);
    const d1 = countingD1(env.DB);
    const bindings = { IMAGES: images, DB: d1.binding };
    const first = await open(asset, "thumbnail", "*/*", { env: bindings });
    expect(first.status).toBe(200);
    // The Worker may render a small image itself, without Cloudflare Images.
    const rendersOfFirst = renders();
    expect(rendersOfFirst).toBeLessThanOrEqual(1);
    d1.reset();
    for (let i = 0; i < 1000; i++) {
      const response = await open(asset, "thumbnail", "*/*", { env: bindings });
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
    expect(renders()).toBe(rendersOfFirst);
    // The isolate remembers the row of the file for seconds.
    expect(d1.counts.roundTrips).toBeLessThanOrEqual(1000);
    expect(d1.counts.rowsRead).toBeLessThanOrEqual(3 * d1.counts.roundTrips);
  });

  it("happens once for twenty concurrent first requests", async () => {
    const { images, renders } = countingImages();
    const asset = await uploadImage(await sampleBytes("0008_Panasonic_DMC-LC40.jpg"), "burst.jpg");
    const requests = Array.from({ length: 20 }, () => open(asset, "small", "*/*", { env: { IMAGES: images } }));
    const responses = await Promise.all(requests);
    expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(renders()).toBe(1);
  });

  it("returns an uncacheable 404 if there is no source image", async () => {
    const text = await uploadImage(new TextEncoder().encode("not a image"), "text.jpg");
    const truncated = await uploadImage((await sampleBytes("0005_Landscape_5.jpg")).subarray(0, 700), "cut.jpg");
    for (const asset of [text, truncated]) {
      const response = await open(asset, "thumbnail");
      expect(response.status).toBe(404);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("a signature", () => {
  it("opens the display variants of its version, and neither the original nor another asset", async () => {
    const asset = await uploadImage(await renderPng(20, 20, () => [0, 0, 0, 255]), "mine.png");
    const other = await uploadImage(await renderPng(21, 20, () => [0, 0, 0, 255]), "theirs.png");
    const url = urlOf(asset, "thumbnail");
    const forged = [
      url.replace("/thumbnail?", "/original?"),
      url.replace(asset.id, other.id),
      url.replace(/exp=\d+/, "exp=9999999999"),
      `${url}&dl=evil.html`,
      `${url}&another=transformation`,
      urlOf(asset, "original").replace(/dl=[^&]+/, "dl=evil.html"),
    ];
    for (const attempt of forged) expect((await call("GET", attempt, { token: null })).status).toBe(403);
    const display = ["small", "preview", "fullsize"].map((variant) => url.replace("/thumbnail?", `/${variant}?`));
    expect(display).toEqual(["small", "preview", "fullsize"].map((variant) => urlOf(asset, variant)));
    for (const opened of display) expect((await call("GET", opened, { token: null })).status).toBe(200);
  });
});

describe("resizing at the edge", () => {
  const edge = { env: { IMAGE_DELIVERY: "cdn-cgi" } };

  it("uses the preview, never the original, as the source URL", async () => {
    const asset = await uploadImage(await sampleBytes("0011_Landscape_6.jpg"), "edge.jpg", edge);
    for (const variant of ["thumbnail", "small", "preview"]) {
      expect(urlOf(asset, variant)).toMatch(
        /\/cdn-cgi\/image\/width=\d+,.*\/https:\/\/tintype\.test\/media\/[^/]+\/[^/]+\/preview\?/,
      );
    }
    expect(urlOf(asset, "fullsize")).not.toContain("cdn-cgi");
    expect(urlOf(asset, "original")).not.toContain("cdn-cgi");
  });

  it("is emulated in development with the sizes of the edge", async () => {
    const asset = await uploadImage(await sampleBytes("0011_Landscape_6.jpg"), "edge.jpg", edge).catch(() => null);
    const response = await upload(await sampleBytes("0011_Landscape_6.jpg"), { name: "edge.jpg", ...edge });
    const found = asset ?? (await response.json<Uploaded>());
    const thumbnail = await open(found, "thumbnail", "image/webp", edge);
    expect(thumbnail.status).toBe(200);
    expect(await sizeOf(thumbnail)).toEqual({ width: 360, height: 240 });
  });
});
