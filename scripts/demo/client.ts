import { openAsBlob } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";

const assetSchema = z.object({
  id: z.string(),
  original_file_name: z.string(),
  local_datetime: z.string(),
  width: z.number(),
  height: z.number(),
  duration: z.number().nullish(),
  thumbhash: z.string().nullish(),
  metadata: z
    .object({ make: z.string().nullish(), model: z.string().nullish(), display_label: z.string().nullish() })
    .nullish(),
  file_data: z.object({ file_size_bytes: z.number() }).nullish(),
  asset_urls: z.record(z.string(), z.object({ url: z.string() })).nullish(),
});

export type DemoAsset = z.infer<typeof assetSchema>;

export interface Api {
  origin: string;
  key: string;
}

export async function readLocalKey(): Promise<string> {
  const key = parseEnv(await readFile(".dev.vars", "utf8"))["ROOT_API_KEY"];
  if (key === undefined || key === "") throw new Error("ROOT_API_KEY is missing in .dev.vars");
  return key;
}

export async function samplePaths(): Promise<string[]> {
  const names = await readdir("samples");
  return names
    .filter((name) => !name.endsWith(".md"))
    .toSorted()
    .map((name) => join("samples", name));
}

/** An unsuccessful response of the API. */
export class ApiError extends Error {}

async function call(api: Api, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${api.key}` };
  const response = await fetch(api.origin + path, { ...init, headers, signal: AbortSignal.timeout(60_000) });
  if (response.ok) return response;
  throw new ApiError(`${init.method ?? "GET"} ${path} responded with ${response.status}: ${await response.text()}`);
}

export interface UploadResult {
  id: string;
  created: boolean;
}

export async function uploadFile(api: Api, path: string): Promise<UploadResult> {
  const { birthtime, mtime } = await stat(path);
  const form = new FormData();
  form.set("device_asset_id", basename(path));
  form.set("device_id", "tintype-demo");
  form.set("file_created_at", birthtime.toISOString());
  form.set("file_modified_at", mtime.toISOString());
  form.set("asset_data", await openAsBlob(path), basename(path));
  const response = await call(api, "/api/assets", { method: "POST", body: form });
  return { id: assetSchema.parse(await response.json()).id, created: response.status === 201 };
}

/** Lists the assets with these ids, newest first, with the fields that the demo prints. */
export async function listAssets(api: Api, ids: string[]): Promise<DemoAsset[]> {
  const query = new URLSearchParams({ include: "metadata,file_data,variants", ids: ids.join(","), limit: "200" });
  const response = await call(api, `/api/assets?${query.toString()}`);
  return z.object({ data: z.array(assetSchema) }).parse(await response.json()).data;
}
