/** Photos with versions, made through the API, with no consumer at work behind the test. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { z } from "zod";
import { versionSchema } from "../../../src/routes/versions/schemas.ts";
import { decodePng } from "../../../src/media/transcode/png/decodePng.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { assetOf, type AssetAnswer } from "./answers.ts";
import { call, type CallOptions } from "./api.ts";
import { sqlAll } from "./account.ts";
import { colourName, jpegWithOrientation, pngOf, quarters, type Rgba } from "../media/images.ts";
import { keptQueue } from "../bindings/queue.ts";
import { quietUpload } from "./uploads.ts";

export type VersionAnswer = z.infer<typeof versionSchema>;

const quiet = { QUEUE: keptQueue().binding };

export interface VersionOptions extends CallOptions {
  kind?: string | null;
  params?: string | null;
  /** Of the file's part; FormData says octet-stream without one. */
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

export async function post(
  path: string,
  file: Uint8Array | string | null,
  options: VersionOptions = {},
): Promise<Response> {
  const { token, headers, env: bindings } = options;
  return await call("POST", path, {
    ...(token === undefined ? {} : { token }),
    ...(headers === undefined ? {} : { headers }),
    env: { ...quiet, ...bindings },
    body: options.body ?? versionForm(file, options),
  });
}

export async function append(assetId: string, file: Uint8Array | string, options: VersionOptions = {}) {
  return await post(`/api/assets/${assetId}/versions`, file, options);
}

export async function replace(assetId: string, id: string, file: Uint8Array | string, options: VersionOptions = {}) {
  return await post(`/api/assets/${assetId}/versions/${id}/replace`, file, options);
}

export async function revert(assetId: string, id: string, options: CallOptions = {}): Promise<Response> {
  const { env: bindings, ...rest } = options;
  return await call("POST", `/api/assets/${assetId}/versions/${id}/revert`, {
    ...rest,
    env: { ...quiet, ...bindings },
  });
}

export async function remove(assetId: string, id: string, options: CallOptions = {}): Promise<Response> {
  const { env: bindings, ...rest } = options;
  return await call("DELETE", `/api/assets/${assetId}/versions/${id}`, { ...rest, env: { ...quiet, ...bindings } });
}

export async function versionOf(response: Response, status: 200 | 201): Promise<VersionAnswer> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return versionSchema.parse(JSON.parse(text));
}

export async function list(assetId: string, query = "?include=variants"): Promise<VersionAnswer[]> {
  const response = await call("GET", `/api/assets/${assetId}/versions${query}`);
  expect(response.status).toBe(200);
  return z.array(versionSchema).parse(await response.json());
}

export async function read(assetId: string): Promise<AssetAnswer> {
  const query = "?include=metadata,faces,people,metrics,file_data,variants,legacy";
  return await assetOf(await call("GET", `/api/assets/${assetId}${query}`), 200);
}

let serial = 0;
/** A photo that no other test has: a sample with a number behind its end. */
export async function photo(name = "0016_prairie_falcon.jpg"): Promise<AssetAnswer> {
  serial += 1;
  const bytes = Uint8Array.from([...(await sampleBytes(name)), serial >> 8, serial & 0xff]);
  return await assetOf(await quietUpload(bytes, { name }), 201);
}

/** A JPEG of four colours, red in the corner at the top left; EXIF in it would turn it. */
export async function edited(width = 80, height = 40, orientation = 1): Promise<Uint8Array> {
  return await jpegWithOrientation(await quarters(width, height), orientation);
}

/** A small PNG of one colour, and of other bytes for each number. */
export async function plainPng(shade: number): Promise<Uint8Array> {
  const colour: Rgba = [shade % 256, 40, 40, 255];
  return await pngOf(6, 4, () => colour);
}

export function urlOf(urls: VersionAnswer["version_urls"], rung: string): string {
  const variant = urls?.[rung];
  if (variant === undefined) throw new Error(`no ${rung}`);
  return variant.url;
}

export async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await call("GET", url, { token: null });
  expect(response.status, url).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

export async function sha256(bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))));
}

/** The colours near the four corners of a small picture, from the top left on. */
export async function cornersOf(bytes: Uint8Array): Promise<string[]> {
  const png = await env.IMAGES.input(new Blob([bytes]).stream()).output({ format: "image/png" });
  const { width, height, rgba } = await decodePng(new Uint8Array(await png.response().arrayBuffer()));
  const at = (x: number, y: number) => colourName(rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4));
  const [right, bottom] = [width - 4, height - 4];
  return [at(3, 3), at(right, 3), at(3, bottom), at(right, bottom)];
}

/** What is stored of an asset, without the prefix of its id. */
export async function objectsOf(assetId: string): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of ["originals", "proxies", "stills", "renditions"]) {
    const { objects } = await env.BUCKET.list({ prefix: `${prefix}/${assetId}/` });
    keys.push(...objects.map((object) => object.key.replace(`/${assetId}/`, "/")));
  }
  return keys.toSorted();
}

export async function notes(assetId: string): Promise<string[]> {
  const rows = await sqlAll("SELECT version_id FROM version_deletions WHERE asset_id = ? ORDER BY version_id", assetId);
  return rows.map((row) => String(row["version_id"]));
}
