/** Every way to carry an orientation or odd dimensions: what the API states is what the renditions show. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../support/media/decodePng.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { call, upload } from "../../support/clients/api.ts";
import { testContext } from "../../support/context.ts";
import { nearestColour } from "../../support/media/images.ts";
import {
  jpegWithLineCount,
  orientationCarriers,
  quadrantGif,
  turnedAvif,
  unusualCarriers,
} from "../../support/media/orientationCarriers.ts";

interface Uploaded {
  id: string;
  width: number;
  height: number;
  metadata: { orientation: number | null } | null;
  asset_urls: Record<string, { url: string; width: number | null }>;
}

const variants = ["thumbnail", "small", "preview", "fullsize"];

async function uploadWithTasks(bytes: Uint8Array, name: string): Promise<Uploaded> {
  const response = await upload(bytes, { name, env: { QUEUE: recordingQueue().binding } });
  expect(response.status).toBe(201);
  const asset = await response.json<Uploaded>();
  await runPendingTasks(testContext(), asset.id);
  return asset;
}

async function rendition(asset: Uploaded, variant: string): Promise<RgbaImage> {
  const url = asset.asset_urls[variant]?.url ?? "";
  const response = await call("GET", url, { token: null });
  expect([variant, response.status]).toEqual([variant, 200]);
  if (response.body === null) throw new Error("no body");
  const png = await env.IMAGES.input(response.body).output({ format: "image/png" });
  return await decodePng(new Uint8Array(await png.response().arrayBuffer()));
}

/** Colours of the corners: top left, top right, bottom left, bottom right. */
function cornersOf({ width, height, rgba }: RgbaImage): string[] {
  const inset = 4;
  return [inset, height - 1 - inset].flatMap((y) =>
    [inset, width - 1 - inset].map((x) => nearestColour(rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4))),
  );
}

const carriers = await orientationCarriers();

describe("orientation 6", () => {
  it("is tested in at least 37 carriers", () => {
    expect(carriers.length).toBeGreaterThanOrEqual(37);
  });

  it.each(carriers)("turns the dimensions and every variant — $name", async ({ fileName, bytes }) => {
    const asset = await uploadWithTasks(bytes, fileName);
    expect(asset.metadata?.orientation).toBe(6);
    expect([asset.width, asset.height]).toEqual([40, 80]);
    for (const variant of variants) {
      const image = await rendition(asset, variant);
      expect([variant, image.width, image.height]).toEqual([variant, 40, 80]);
      expect(asset.asset_urls[variant]?.width).toBe(40);
      expect(cornersOf(image)).toEqual(["blue", "red", "white", "green"]);
    }
    const row = await env.DB.prepare("SELECT thumbhash FROM assets WHERE id = ?").bind(asset.id).first();
    expect(row?.["thumbhash"]).toEqual(expect.any(String));
  });
});

const cornersByOrientation: Record<number, string[]> = {
  1: ["red", "green", "blue", "white"],
  2: ["green", "red", "white", "blue"],
  3: ["white", "blue", "green", "red"],
  4: ["blue", "white", "red", "green"],
  5: ["red", "blue", "green", "white"],
  6: ["blue", "red", "white", "green"],
  7: ["white", "green", "blue", "red"],
  8: ["green", "white", "red", "blue"],
};
/** Orientation 6 has its own tests above. */
const others = Object.keys(cornersByOrientation)
  .map(Number)
  .filter((orientation) => orientation !== 6);
const everyOrientation = await Promise.all(others.map((orientation) => unusualCarriers(orientation)));

describe("every orientation in a carrier that local mode misses", () => {
  it.each(everyOrientation.flat())("is applied: $name", async ({ name, fileName, bytes }) => {
    const orientation = Number(name[0]);
    const asset = await uploadWithTasks(bytes, fileName);
    const size = orientation > 4 ? [40, 80] : [80, 40];
    expect([asset.metadata?.orientation, asset.width, asset.height]).toEqual([orientation, ...size]);
    const image = await rendition(asset, "fullsize");
    expect([image.width, image.height]).toEqual(size);
    expect(cornersOf(image)).toEqual(cornersByOrientation[orientation]);
  });

  it("is applied: the rotation of an AVIF's container", async () => {
    const asset = await uploadWithTasks(await turnedAvif(), "turned.avif");
    expect([asset.width, asset.height]).toEqual([40, 80]);
    for (const variant of variants) {
      const image = await rendition(asset, variant);
      expect([image.width, image.height]).toEqual([40, 80]);
      expect(cornersOf(image)).toEqual(cornersByOrientation[6]);
    }
  });
});

describe("unusual dimensions", () => {
  const upright = ["red", "green", "blue", "white"];
  it.each([
    ["a GIF with a logical screen of 0 × 0", () => quadrantGif(0, 0), "zero.gif", [80, 40]],
    ["a GIF with a logical screen smaller than its frame", () => quadrantGif(10, 10), "small.gif", [80, 40]],
    ["a GIF with a matching logical screen", () => quadrantGif(80, 40), "same.gif", [80, 40]],
    ["a JPEG whose height follows its scan", () => jpegWithLineCount(), "dnl.jpg", [80, 40]],
    [
      "a JPEG whose height follows its scan, with data after its end",
      () => jpegWithLineCount(200_000),
      "tail.jpg",
      [80, 40],
    ],
  ])("are the same in the API and in the image: %s", async (_name, build, fileName, size) => {
    const asset = await uploadWithTasks(await build(), fileName);
    expect([asset.width, asset.height]).toEqual(size);
    for (const variant of variants) {
      const image = await rendition(asset, variant);
      expect([image.width, image.height]).toEqual(size);
      expect(cornersOf(image)).toEqual(upright);
    }
  });

  it("include the offset of a GIF's frame", async () => {
    const asset = await uploadWithTasks(quadrantGif(0, 0, 20, 10), "offset.gif");
    expect([asset.width, asset.height]).toEqual([100, 50]);
    const image = await rendition(asset, "fullsize");
    expect([image.width, image.height]).toEqual([100, 50]);
  });
});
