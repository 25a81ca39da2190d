/** Sends requests to the Worker in-process, with replaceable bindings. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../../src/app.ts";
import { cachePolicyViolation } from "./cachePolicy.ts";

const app = createApp();

export const ROOT_API_KEY = String(env.ROOT_API_KEY);

export interface CallOptions {
  token?: string | null;
  headers?: Record<string, string>;
  json?: unknown;
  body?: BodyInit;
  env?: Partial<Cloudflare.Env>;
  /** `ctx.cache`, which exists where Workers Cache is in front of the Worker. */
  cache?: CacheContext;
}

export function executionContext(cache?: CacheContext): ExecutionContext {
  const context = createExecutionContext();
  if (cache !== undefined) Object.defineProperty(context, "cache", { value: cache });
  return context;
}

/** Sends a request. The default token is the root key; `token: null` omits the credential. */
export async function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { token = ROOT_API_KEY } = options;
  const headers = new Headers(options.headers);
  if (token !== null && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  if (options.json !== undefined) headers.set("content-type", "application/json");
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const url = path.startsWith("http") ? path : `https://tintype.test${path}`;
  const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const context = executionContext(options.cache);
  const response = await app.fetch(request, { ...env, ...options.env }, context);
  await waitOnExecutionContext(context);
  const violation = cachePolicyViolation(new URL(url).pathname, response);
  if (violation !== null) throw new Error(`${method} ${path}: ${response.status}: ${violation}`);
  return response;
}

export interface UploadOptions extends CallOptions {
  name?: string;
  libraryId?: string;
  fileCreatedAt?: string;
  deviceAssetId?: string;
}

export function uploadForm(bytes: Uint8Array | string, options: UploadOptions = {}): FormData {
  const form = new FormData();
  form.set("device_asset_id", options.deviceAssetId ?? "device-asset-1");
  form.set("device_id", "test device");
  form.set("file_created_at", options.fileCreatedAt ?? "2024-05-06T07:08:09Z");
  form.set("file_modified_at", "2024-05-06T07:08:10Z");
  if (options.libraryId !== undefined) form.set("library_id", options.libraryId);
  form.set("asset_data", new File([bytes], options.name ?? "photo.jpg"));
  return form;
}

/** The form of an image search. */
export function searchForm(fields: Record<string, string | string[] | File>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) for (const each of [value].flat()) form.append(name, each);
  return form;
}

export async function upload(bytes: Uint8Array | string, options: UploadOptions = {}): Promise<Response> {
  return await call("POST", "/api/assets", { ...options, body: uploadForm(bytes, options) });
}

let serial = 0;

/** Returns different bytes on every call, so that uploads are never accidental duplicates. */
export function uniqueBytes(length = 64): Uint8Array {
  serial += 1;
  const bytes = new Uint8Array(length);
  crypto.getRandomValues(bytes.subarray(0, 65_536));
  bytes.set(new TextEncoder().encode(`#${serial} `).subarray(0, length));
  return bytes;
}
