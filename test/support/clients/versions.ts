/** Photos and their versions through the API; queue messages are recorded but not consumed. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { z } from "zod";
import { versionSchema } from "../../../src/routes/versions/schemas.ts";
import { decodePng } from "../media/decodePng.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { expectAsset, type AssetResponse } from "./responses.ts";
import { call, type CallOptions } from "./api.ts";
import { sqlAll } from "./account.ts";
import { nearestColour, jpegWithOrientation, renderPng, quadrantPng, type Rgba } from "../media/images.ts";
import { recordingQueue } from "../bindings/queue.ts";
import { uploadWithoutConsumer } from "./uploads.ts";

export type VersionResponse = z.infer<typeof versionSchema>;

const withoutConsumer = { QUEUE: recordingQueue().binding };

export interface VersionOptions extends CallOptions {
  kind?: string | null;
  params?: string | null;
  /** Content type of the file part; FormData defaults to application/octet-stream. */
  type?: string;
  fieldsLast?: boolean;
}

export function versionForm(file: Uint8Array | string | null, options: VersionOptions = {}): FormData {
  const { kind = "edit", params = "{}", type = "", fieldsLast = false } = options;
  const fields = Object.entries({ kind, params }).filter((entry): entry is [string, string] => entry[1] !== null);
  const form = new FormData();
  if (!fieldsLast) for (const [name, value] of fields) form.append(name, value);
  if (file !== null) form.append("file", new File([file], "edited.jpg", { type }));
  if (fieldsLast) for (const [name, value] of fields) form.append(name, value);
  return form;
}

export async function postVersion(
  path: string,
  file: Uint8Array | string | null,
  options: VersionOptions = {},
): Promise<Response> {
  const { token, headers, cache, env: bindings } = options;
  return await call("POST", path, {
    ...(token === undefined ? {} : { token }),
    ...(cache === undefined ? {} : { cache }),
    ...(headers === undefined ? {} : { headers }),
    env: { ...withoutConsumer, ...bindings },
    body: options.body ?? versionForm(file, options),
  });
}

export async function appendVersion(assetId: string, file: Uint8Array | string, options: VersionOptions = {}) {
  return await postVersion(`/api/assets/${assetId}/versions`, file, options);
}

export async function replaceVersion(
  assetId: string,
  id: string,
  file: Uint8Array | string,
  options: VersionOptions = {},
) {
  return await postVersion(`/api/assets/${assetId}/versions/${id}/replace`, file, options);
}

export async function revertToVersion(assetId: string, id: string, options: CallOptions = {}): Promise<Response> {
  const { env: bindings, ...rest } = options;
  return await call("POST", `/api/assets/${assetId}/versions/${id}/revert`, {
    ...rest,
    env: { ...withoutConsumer, ...bindings },
  });
}

export async function deleteVersion(assetId: string, id: string, options: CallOptions = {}): Promise<Response> {
  const { env: bindings, ...rest } = options;
  return await call("DELETE", `/api/assets/${assetId}/versions/${id}`, {
    ...rest,
    env: { ...withoutConsumer, ...bindings },
  });
}

export async function expectVersion(response: Response, status: 200 | 201): Promise<VersionResponse> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return versionSchema.parse(JSON.parse(text));
}

export async function listVersions(assetId: string, query = "?include=variants"): Promise<VersionResponse[]> {
  const response = await call("GET", `/api/assets/${assetId}/versions${query}`);
  expect(response.status).toBe(200);
  return z.array(versionSchema).parse(await response.json());
}

export async function readAsset(assetId: string): Promise<AssetResponse> {
  const query = "?include=metadata,faces,people,metrics,file_data,variants,legacy";
  return await expectAsset(await call("GET", `/api/assets/${assetId}${query}`), 200);
}

let serial = 0;

/** Uploads a sample with a serial number appended, so that it is never a duplicate. */
export async function uploadPhoto(name = "prairie_falcon.jpg"): Promise<AssetResponse> {
  serial += 1;
  const bytes = Uint8Array.from([...(await sampleBytes(name)), serial >> 8, serial & 0xff]);
  return await expectAsset(await uploadWithoutConsumer(bytes, { name }), 201);
}

/** A JPEG of four coloured quadrants, red at the top left before the EXIF orientation is applied. */
export async function editedJpeg(width = 80, height = 40, orientation = 1): Promise<Uint8Array> {
  return await jpegWithOrientation(await quadrantPng(width, height), orientation);
}

/** A small PNG of one colour; each shade gives different bytes. */
export async function solidPng(shade: number): Promise<Uint8Array> {
  const colour: Rgba = [shade % 256, 40, 40, 255];
  return await renderPng(6, 4, () => colour);
}

export function variantUrl(urls: VersionResponse["version_urls"], name: string): string {
  const variant = urls?.[name];
  if (variant === undefined) throw new Error(`no ${name}`);
  return variant.url;
}

export async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await call("GET", url, { token: null });
  expect(response.status, url).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

export async function sha256Base64(bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))));
}

/** Colour names near the four corners of an image: top left, top right, bottom left, bottom right. */
export async function cornerColours(bytes: Uint8Array): Promise<string[]> {
  const png = await env.IMAGES.input(new Blob([bytes]).stream()).output({ format: "image/png" });
  const { width, height, rgba } = await decodePng(new Uint8Array(await png.response().arrayBuffer()));
  const at = (x: number, y: number) => nearestColour(rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4));
  const [right, bottom] = [width - 4, height - 4];
  return [at(3, 3), at(right, 3), at(3, bottom), at(right, bottom)];
}

/** Keys of all stored objects of an asset, without the asset id. */
export async function listAssetObjects(assetId: string): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of ["originals", "proxies", "posters", "renditions"]) {
    const { objects } = await env.BUCKET.list({ prefix: `${prefix}/${assetId}/` });
    keys.push(...objects.map((object) => object.key.replace(`/${assetId}/`, "/")));
  }
  return keys.toSorted();
}

export async function pendingVersionDeletions(assetId: string): Promise<string[]> {
  const rows = await sqlAll("SELECT version_id FROM version_cleanups WHERE asset_id = ? ORDER BY version_id", assetId);
  return rows.map((row) => String(row["version_id"]));
}
