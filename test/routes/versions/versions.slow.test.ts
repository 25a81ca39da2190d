import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { expectError } from "../../support/clients/responses.ts";
import { call } from "../../support/clients/api.ts";
import { BOUNDARY, MULTIPART, streamChunks } from "../../support/clients/multipart.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import {
  editedJpeg,
  listVersions,
  pendingVersionDeletions,
  listAssetObjects,
  uploadPhoto,
  expectVersion,
} from "../../support/clients/versions.ts";

const MAX_BYTES = 100 * 1024 * 1024;
const utf8 = new TextEncoder();
const noise = new Uint8Array(64 * 1024).map((_, at) => (at * 31 + (at >> 8)) % 255);

/** Streams the form of a version with a JPEG of `length` bytes. */
function* form(jpeg: Uint8Array, length: number): Generator<Uint8Array> {
  const head = (rest: string) => utf8.encode(`\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; ${rest}\r\n\r\n`);
  yield* [head('name="kind"'), utf8.encode("edit"), head('name="params"'), utf8.encode("{}")];
  yield head('name="file"; filename="a.jpg"');
  yield jpeg.slice(0, -2);
  for (let left = length - jpeg.length; left > 0; left -= noise.length) yield noise.slice(0, left);
  yield Uint8Array.of(0xff, 0xd9);
  yield utf8.encode(`\r\n--${BOUNDARY}--\r\n`);
}

async function send(assetId: string, length: number): Promise<Response> {
  return await call("POST", `/api/assets/${assetId}/versions`, {
    body: streamChunks(form(await editedJpeg(), length)).stream,
    headers: { "content-type": MULTIPART },
    env: { QUEUE: recordingQueue().binding },
  });
}

describe("a version of 100 MiB", () => {
  it("is stored if it is within the limit with the upload's metadata too", async () => {
    const asset = await uploadPhoto();
    const made = await expectVersion(await send(asset.id, MAX_BYTES - 64 * 1024), 201);
    expect(made.file_size_bytes).toBeGreaterThan(MAX_BYTES - 64 * 1024);
    expect((await env.BUCKET.head(`originals/${asset.id}/${made.id}`))?.size).toBe(made.file_size_bytes);
    expect(await findInconsistencies()).toEqual({});
  });

  it.each([
    ["as sent", MAX_BYTES + 1],
    ["with the upload's metadata", MAX_BYTES],
  ])("is rejected and leaves no trace if it exceeds the limit %s", async (_when, length) => {
    const asset = await uploadPhoto();
    expect((await expectError(await send(asset.id, length), 422)).message).toContain("100 MiB");
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await listVersions(asset.id)).toHaveLength(1);
  });
});
