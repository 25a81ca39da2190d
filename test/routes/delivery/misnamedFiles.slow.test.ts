/** Files whose name says another format than their bytes: phones and upload apps send them. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { createUrlSigner } from "../../../src/operations/delivery/urlSigner.ts";
import { findAssetForTask } from "../../../src/records/assets/assets.ts";
import { planVersionChange } from "../../../src/operations/versions/versions.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { call, upload } from "../../support/clients/api.ts";
import { testConfig, testContext } from "../../support/context.ts";
import { box, bytesOf, u16, u32, xmpSegment } from "../../support/media/buildImage.ts";
import { jpegWithOrientation, nearestColour, quadrantPng } from "../../support/media/images.ts";
import { decodePng } from "../../support/media/decodePng.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

interface Uploaded {
  id: string;
  width: number;
  height: number;
  asset_urls: Record<string, { url: string; mimetype: string; width: number | null }>;
}

async function uploadWithTasks(bytes: Uint8Array, name: string): Promise<Uploaded> {
  const response = await upload(bytes, { name, env: { QUEUE: recordingQueue().binding } });
  expect(response.status).toBe(201);
  const { id } = await response.json<Uploaded>();
  await runPendingTasks(testContext(), id);
  return await (await call("GET", `/api/assets/${id}?include=variants,file_data`)).json<Uploaded>();
}

async function thumbnailSize(asset: Uploaded): Promise<{ width: number; height: number }> {
  const variant = asset.asset_urls["thumbnail"] ?? asset.asset_urls["thumbnail_image"];
  const response = await call("GET", variant?.url ?? "", { token: null });
  expect(response.status).toBe(200);
  if (response.body === null) throw new Error("no body");
  const info = await env.IMAGES.info(response.body);
  return "width" in info ? { width: info.width, height: info.height } : { width: 0, height: 0 };
}

async function taskTypes(assetId: string): Promise<unknown[]> {
  return (await readTasks(assetId)).map((task) => task.task_type);
}

/** 2 × 1 pixels of 24 bits. */
const bmp = bytesOf(
  "BM",
  u32(62, true),
  u32(0),
  u32(54, true),
  u32(40, true),
  u32(2, true),
  u32(1, true),
  u16(1, true),
  u16(24, true),
  new Uint8Array(24),
  [0, 0, 255, 255, 0, 0, 0, 0],
);

async function videoWithCover(): Promise<Uint8Array> {
  const cover = await jpegWithOrientation(await quadrantPng(80, 40), 1);
  const data = box("data", [0, 0, 0, 13, 0, 0, 0, 0], cover);
  const meta = box("meta", new Uint8Array(4), box("ilst", box("covr", data)));
  return bytesOf(box("ftyp", "isom", [0, 0, 2, 0], "isom"), box("moov", box("udta", meta)));
}

describe("a file with the extension of another format", () => {
  it.each([
    ["HEIC", "phone.jpg", () => sampleBytes("IMG_7943.HEIC"), "image/jpeg"],
    ["DNG", "raw.jpg", () => sampleBytes("0004_test.dng"), "image/jpeg"],
    ["TIFF", "scan.png", () => sampleBytes("0001_exif.tif"), "image/png"],
    ["BMP", "paint.jpg", () => bmp, "image/jpeg"],
    ["JPEG", "shared.heic", () => sampleBytes("Portrait_8.jpg"), "image/heic"],
    ["JPEG", "export.tif", () => sampleBytes("0011_Landscape_6.jpg"), "image/tiff"],
    ["PNG", "screen.jpg", () => sampleBytes("new_location_shown.png"), "image/jpeg"],
  ])("gets its images: %s bytes under %s", async (_format, name, bytes, mimeType) => {
    const asset = await uploadWithTasks(await bytes(), name);
    // The type stays that of the name, as in the Gumnut API.
    expect(asset.asset_urls["original"]?.mimetype).toBe(mimeType);
    const scale = Math.min(1, 360 / Math.max(asset.width, asset.height));
    const size = await thumbnailSize(asset);
    expect(size).toEqual({ width: Math.round(asset.width * scale), height: Math.round(asset.height * scale) });
  });

  it("gets its images from the cover if it is a video", async () => {
    const asset = await uploadWithTasks(await videoWithCover(), "live.jpg");
    expect(await thumbnailSize(asset)).toEqual({ width: 80, height: 40 });
  });

  it("is its own poster if it is an image and its name says video", async () => {
    const asset = await uploadWithTasks(await jpegWithOrientation(await quadrantPng(80, 40), 6), "clip.mov");
    expect(asset.asset_urls["original"]?.mimetype).toBe("video/quicktime");
    expect(await thumbnailSize(asset)).toEqual({ width: 40, height: 80 });
  });

  it("plans the display proxy only for bytes that the renderer cannot read", async () => {
    const scan = await uploadWithTasks(bytesOf(await sampleBytes("0001_exif.tif"), [1]), "other.jpg");
    const photo = await uploadWithTasks(bytesOf(await sampleBytes("picasa.jpg"), [1]), "other.heic");
    expect(await taskTypes(scan.id)).toContain("display_proxy_generation");
    expect(await taskTypes(photo.id)).not.toContain("display_proxy_generation");
  });

  it("plans the display proxy again when an edited version is reverted", async () => {
    const { id } = await uploadWithTasks(bytesOf(await sampleBytes("0001_exif.tif"), [2]), "again.jpg");
    const asset = await findAssetForTask(testContext().db, id);
    if (asset === null) throw new Error("no asset");
    const original = { mimeType: asset.mimeType, fileSizeBytes: asset.fileSizeBytes };
    expect(planVersionChange(asset, { ...original, position: 0 }).taskTypes).toContain("display_proxy_generation");
    expect(planVersionChange(asset, original).taskTypes).not.toContain("display_proxy_generation");
  });
});

describe("the source for edge resizing", () => {
  it("has our orientation, and no metadata", async () => {
    const jpeg = await jpegWithOrientation(await quadrantPng(80, 40), 6);
    const text = "<dc:title>a secret place</dc:title>";
    const asset = await uploadWithTasks(bytesOf(jpeg.subarray(0, 2), xmpSegment(text), jpeg.subarray(2)), "edge.jpg");
    const { mediaSigningKey } = testConfig({});
    const signer = await createUrlSigner(mediaSigningKey, Date.now());
    const row = await env.DB.prepare("SELECT current_version_id AS id FROM assets WHERE id = ?").bind(asset.id).first();
    const address = { assetId: asset.id, versionId: String(row?.["id"]), variant: "source" };
    const response = await call("GET", await signer.sign(address), { token: null });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(new TextDecoder("latin1").decode(bytes)).not.toContain("a secret place");
    const png = await env.IMAGES.input(new Blob([bytes]).stream()).output({ format: "image/png" });
    const image = await decodePng(new Uint8Array(await png.response().arrayBuffer()));
    expect([image.width, image.height, nearestColour(image.rgba)]).toEqual([40, 80, "blue"]);
    const ofVideo = await call("GET", await signer.sign({ ...address, variant: "source_image" }), { token: null });
    expect(ofVideo.status).toBe(404);
    for (const signed of ["thumbnail", "original", "source"]) {
      for (const variant of ["proxy", "poster"]) {
        const url = (await signer.sign({ ...address, variant: signed })).replace(`/${signed}?`, `/${variant}?`);
        expect((await call("GET", url, { token: null })).status).toBe(403);
      }
    }
    const unsigned = await call("GET", `/media/${asset.id}/${address.versionId}/source`, { token: null });
    expect(unsigned.status).toBe(403);
  });
});
