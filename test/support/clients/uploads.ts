/** Uploads whose queue message is recorded but not consumed, so that pending tasks stay pending. */
import { countUploadRows } from "./account.ts";
import { call, upload, type CallOptions, type UploadOptions } from "./api.ts";
import { multipartBody, MULTIPART, type RawPart } from "./multipart.ts";
import { storedKeys } from "../bindings/bucket.ts";
import { recordingQueue } from "../bindings/queue.ts";

const queue = recordingQueue();

function withoutConsumer<T extends CallOptions>(options: T): T {
  return { ...options, env: { QUEUE: queue.binding, ...options.env } };
}

export async function uploadWithoutConsumer(
  bytes: Uint8Array | string,
  options: UploadOptions = {},
): Promise<Response> {
  return await upload(bytes, withoutConsumer(options));
}

/** Posts a raw body as multipart/form-data. */
export async function postBody(body: BodyInit, options: CallOptions = {}): Promise<Response> {
  const headers = { "content-type": MULTIPART, ...options.headers };
  return await call("POST", "/api/assets", withoutConsumer({ ...options, headers, body }));
}

export async function postParts(parts: RawPart[], options: CallOptions = {}): Promise<Response> {
  return await postBody(await multipartBody(parts), options);
}

/** Stored objects and row counts; equal before and after an upload that left nothing behind. */
export async function storedState(): Promise<{ keys: string[]; rows: Awaited<ReturnType<typeof countUploadRows>> }> {
  return { keys: await storedKeys(), rows: await countUploadRows() };
}
