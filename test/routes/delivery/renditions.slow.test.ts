import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../../src/media/transcode/png/decodePng.ts";
import { workOn } from "../../../src/operations/tasks/taskRunner.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { call, upload, type CallOptions } from "../../support/clients/api.ts";
import { countingImages } from "../../support/bindings/images.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { colourName, jpegWithOrientation, pngOf, quarters } from "../../support/media/images.ts";

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

async function uploaded(bytes: Uint8Array, name: string, options: CallOptions = {}): Promise<Uploaded> {
  const response = await upload(bytes, { ...options, name });
  expect(response.status).toBe(201);
  return await response.json<Uploaded>();
}

function urlOf(asset: Uploaded, rung: string): string {
  const variant = asset.asset_urls[rung];
  if (variant === undefined) throw new Error(`no ${rung}`);
  return variant.url;
}

async function open(asset: Uploaded, rung: string, accept = "*/*", options: CallOptions = {}): Promise<Response> {
  return await call("GET", urlOf(asset, rung), { token: null, headers: { accept }, ...options });
}

async function sizeOf(response: Response): Promise<{ width: number; height: number }> {
  if (response.body === null) throw new Error("no body");
  const info = await env.IMAGES.info(response.body);
  return "width" in info ? { width: info.width, height: info.height } : { width: 0, height: 0 };
}

/** Pixels of a small rendition, decoded by way of a PNG. */
async function pixelsOf(response: Response) {
  if (response.body === null) throw new Error("no body");
  const png = await env.IMAGES.input(response.body).output({ format: "image/png" });
  return await decodePng(new Uint8Array(await png.response().arrayBuffer()));
}

const noDatabase: Partial<Cloudflare.Env> = {
  DB: new Proxy(env.DB, {
    get: () => {
      throw new Error("the database was asked");
    },
  }),
};

describe("the rungs of a picture", () => {
  const samples = [
    "0005_Landscape_5.jpg",
    "0023_Portrait_8.jpg",
    "0024_denali.webp",
    "0013_new_location_shown.png",
    "0010_test.gif",
  ];
  it.each(samples)("are upright, of the width they say, and never larger than the picture: %s", async (name) => {
    const asset = await uploaded(await sampleBytes(name), name);
    const edges = { thumbnail: 360, small: 720, preview: 1440, fullsize: Number.POSITIVE_INFINITY };
    for (const [rung, edge] of Object.entries(edges)) {
      const response = await open(asset, rung);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(asset.asset_urls[rung]?.mimetype);
      const scale = Math.min(1, edge / Math.max(asset.width, asset.height));
      const size = await sizeOf(response);
      expect(size).toEqual({ width: Math.round(asset.width * scale), height: Math.round(asset.height * scale) });
      expect(asset.asset_urls[rung]?.width).toBe(size.width);
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
  it.each(Object.entries(corners))("turn orientation %s upright", async (orientation, topLeft) => {
    const bytes = await jpegWithOrientation(await quarters(80, 40), Number(orientation));
    const asset = await uploaded(bytes, `o${orientation}.jpg`);
    const sideways = Number(orientation) > 4;
    expect([asset.width, asset.height]).toEqual(sideways ? [40, 80] : [80, 40]);
    const picture = await pixelsOf(await open(asset, "thumbnail"));
    expect([picture.width, picture.height]).toEqual([asset.width, asset.height]);
    const at = (4 * picture.width + 4) * 4;
    expect(colourName(picture.rgba.subarray(at, at + 4))).toBe(topLeft);
  });

  it("hold no metadata: a thumbnail tells nobody where it was taken", async () => {
    const asset = await uploaded(await sampleBytes("0017_thompson-springs.jpg"), "gps.jpg");
    for (const rung of ["thumbnail", "small", "preview", "fullsize"]) {
      for (const accept of ["image/webp", "image/avif", "image/jpeg"]) {
        const bytes = new Uint8Array(await (await open(asset, rung, accept)).arrayBuffer());
        const text = String.fromCharCode(...bytes.subarray(0, 60_000));
        expect(text).not.toMatch(/Exif\0|EXIF|http:\/\/ns\.adobe|Photoshop 3\.0|Thompson/);
      }
    }
  });

  it("keep their transparency", async () => {
    const png = await pngOf(64, 64, (x) => [255, 0, 0, x < 32 ? 0 : 255]);
    const asset = await uploaded(png, "alpha.png");
    const picture = await pixelsOf(await open(asset, "thumbnail"));
    expect(picture.rgba[(32 * 64 + 8) * 4 + 3]).toBe(0);
    expect(picture.rgba[(32 * 64 + 56) * 4 + 3]).toBe(255);
  });

  it.each([
    ["1×1", 1, 1],
    ["1×20000", 1, 20_000],
    ["20000×1", 20_000, 1],
  ])("are made of a picture of %s pixels", async (_name, width, height) => {
    const asset = await uploaded(await pngOf(width, height, () => [0, 128, 255, 255]), "odd.png");
    const response = await open(asset, "thumbnail");
    expect(response.status).toBe(200);
    expect(await sizeOf(response)).toEqual({ width: Math.min(width, 360), height: Math.min(height, 360) });
  });

  it("are made of 16 bits a channel", async () => {
    const asset = await uploaded(await pngOf(32, 32, () => [200, 10, 10, 255], 16), "deep.png");
    const picture = await pixelsOf(await open(asset, "thumbnail"));
    expect(colourName(picture.rgba.subarray(0, 4))).toBe("red");
  });
});

async function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const module: unknown = await import(/* @vite-ignore */ `/test/fixtures/pictures/${name}?url&inline`);
  const url = typeof module === "object" && module !== null && "default" in module ? String(module.default) : "";
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

describe("pictures that are seldom seen", () => {
  it("are shown in their colours: a JPEG of CMYK", async () => {
    const asset = await uploaded(await fixture("cmyk.jpg"), "print.jpg");
    const picture = await pixelsOf(await open(asset, "thumbnail"));
    expect([picture.width, picture.height]).toEqual([48, 32]);
    expect(colourName(picture.rgba.subarray(0, 4))).toBe("red");
  });

  it("are shown or refused with a reason, and never tried for ever: 108 megapixels", async () => {
    // No consumer but this test's own works on it.
    const asset = await uploaded(await fixture("108-megapixels.png"), "huge.png", {
      env: { QUEUE: keptQueue().binding },
    });
    expect([asset.width, asset.height]).toEqual([12_000, 9000]);
    const response = await open(asset, "thumbnail");
    expect([200, 404]).toContain(response.status);
    if (response.status === 200) expect(await sizeOf(response)).toEqual({ width: 360, height: 270 });
    const deps = {
      db: openDatabase(env.DB, "primary"),
      bucket: env.BUCKET,
      queue: env.QUEUE,
      images: env.IMAGES,
      nowMs: Date.now(),
    };
    await workOn(deps, asset.id);
    const tasks = await env.DB.prepare("SELECT status, error_message FROM tasks WHERE asset_id = ?")
      .bind(asset.id)
      .all();
    for (const task of tasks.results) {
      expect(["success", "failure"]).toContain(task["status"]);
      if (task["status"] === "failure") expect(task["error_message"]).toMatch(/\S/);
    }
  });
});

describe("a rung's format", () => {
  it.each([
    ["image/avif,image/webp,image/*,*/*;q=0.8", "image/avif"],
    ["image/webp,*/*", "image/webp"],
    ["*/*", "image/webp"],
    ["image/jpeg", "image/jpeg"],
  ])("follows Accept: %s", async (accept, type) => {
    const asset = await uploaded(await pngOf(40, 40 + accept.length, () => [1, 2, 3, 255]), `${type.slice(6)}.png`);
    const response = await open(asset, "thumbnail", accept);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("vary")).toContain("Accept");
    expect(response.headers.get("cache-control")).toMatch(/^public, max-age=\d+, immutable/);
    const head = await call("HEAD", urlOf(asset, "thumbnail"), { token: null, headers: { accept } });
    expect(head.headers.get("content-type")).toBe(type);
  });
});

describe("rendering", () => {
  it("happens once: the first request renders, a thousand more neither render nor ask the database", async () => {
    const { images, renders } = countingImages();
    const asset = await uploaded(await pngOf(50, 50, () => [9, 9, 9, 255]), "warm.png");
    const first = await open(asset, "thumbnail", "*/*", { env: { IMAGES: images, ...noDatabase } });
    expect(first.status).toBe(200);
    expect(renders()).toBe(1);
    for (let i = 0; i < 1000; i++) {
      const response = await open(asset, "thumbnail", "*/*", { env: { IMAGES: images, ...noDatabase } });
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
    expect(renders()).toBe(1);
  });

  it("happens once for twenty first requests at once", async () => {
    const { images, renders } = countingImages();
    const asset = await uploaded(await sampleBytes("0008_Panasonic_DMC-LC40.jpg"), "burst.jpg");
    const requests = Array.from({ length: 20 }, () => open(asset, "small", "*/*", { env: { IMAGES: images } }));
    const responses = await Promise.all(requests);
    expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(renders()).toBe(1);
  });

  it("answers 404 that nobody may keep where there is nothing to show", async () => {
    const text = await uploaded(new TextEncoder().encode("not a picture"), "text.jpg");
    const truncated = await uploaded((await sampleBytes("0005_Landscape_5.jpg")).subarray(0, 700), "cut.jpg");
    for (const asset of [text, truncated]) {
      const response = await open(asset, "thumbnail");
      expect(response.status).toBe(404);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("a signature", () => {
  it("opens the one rung of the one asset it was made for", async () => {
    const asset = await uploaded(await pngOf(20, 20, () => [0, 0, 0, 255]), "mine.png");
    const other = await uploaded(await pngOf(21, 20, () => [0, 0, 0, 255]), "theirs.png");
    const url = urlOf(asset, "thumbnail");
    const forged = [
      url.replace("/thumbnail?", "/original?"),
      url.replace("/thumbnail?", "/small?"),
      url.replace(asset.id, other.id),
      url.replace(/exp=\d+/, "exp=9999999999"),
      `${url}&dl=evil.html`,
      urlOf(asset, "original").replace(/dl=[^&]+/, "dl=evil.html"),
    ];
    for (const attempt of forged) expect((await call("GET", attempt, { token: null })).status).toBe(403);
  });
});

describe("resizing at the edge", () => {
  const edge = { env: { IMAGE_DELIVERY: "cdn-cgi" } };

  it("puts the preview, never the original, into the URL that Cloudflare resizes", async () => {
    const asset = await uploaded(await sampleBytes("0011_Landscape_6.jpg"), "edge.jpg", edge);
    for (const rung of ["thumbnail", "small", "preview"]) {
      expect(urlOf(asset, rung)).toMatch(
        /\/cdn-cgi\/image\/width=\d+,.*\/https:\/\/tintype\.test\/media\/[^/]+\/[^/]+\/preview\?/,
      );
    }
    expect(urlOf(asset, "fullsize")).not.toContain("cdn-cgi");
    expect(urlOf(asset, "original")).not.toContain("cdn-cgi");
  });

  it("is emulated in development, with the sizes the edge would give", async () => {
    const asset = await uploaded(await sampleBytes("0011_Landscape_6.jpg"), "edge.jpg", edge).catch(() => null);
    const response = await upload(await sampleBytes("0011_Landscape_6.jpg"), { name: "edge.jpg", ...edge });
    const found = asset ?? (await response.json<Uploaded>());
    const thumbnail = await open(found, "thumbnail", "image/webp", edge);
    expect(thumbnail.status).toBe(200);
    expect(await sizeOf(thumbnail)).toEqual({ width: 360, height: 240 });
  });
});
