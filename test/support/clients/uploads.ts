/** Uploads whose message no consumer takes, so that what they leave stays as it is until the test goes on. */
import { rowCounts } from "./account.ts";
import { call, upload, type CallOptions, type UploadOptions } from "./api.ts";
import { bodyOf, MULTIPART, type RawPart } from "./multipart.ts";
import { storedKeys } from "../bindings/bucket.ts";
import { keptQueue } from "../bindings/queue.ts";

const queue = keptQueue();

function quiet<T extends CallOptions>(options: T): T {
  return { ...options, env: { QUEUE: queue.binding, ...options.env } };
}

export async function quietUpload(bytes: Uint8Array | string, options: UploadOptions = {}): Promise<Response> {
  return await upload(bytes, quiet(options));
}

/** A body as it is, whatever it is. */
export async function postBody(body: BodyInit, options: CallOptions = {}): Promise<Response> {
  const headers = { "content-type": MULTIPART, ...options.headers };
  return await call("POST", "/api/assets", quiet({ ...options, headers, body }));
}

export async function postParts(parts: RawPart[], options: CallOptions = {}): Promise<Response> {
  return await postBody(await bodyOf(parts), options);
}

/** What an upload can leave behind: objects and rows. Nothing was left where it is the same before and after. */
export async function traces(): Promise<{ keys: string[]; rows: Awaited<ReturnType<typeof rowCounts>> }> {
  return { keys: await storedKeys(), rows: await rowCounts() };
}
