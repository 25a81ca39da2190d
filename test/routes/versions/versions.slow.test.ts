/** Versions as large as they may be, and a little larger. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../support/clients/answers.ts";
import { call } from "../../support/clients/api.ts";
import { BOUNDARY, MULTIPART, streamed } from "../../support/clients/multipart.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { recount } from "../../support/rows/recount.ts";
import { edited, list, notes, objectsOf, photo, versionOf } from "../../support/clients/versions.ts";

const MAX_BYTES = 100 * 1024 * 1024;
const utf8 = new TextEncoder();
const noise = new Uint8Array(64 * 1024).map((_, at) => (at * 31 + (at >> 8)) % 255);

/** A JPEG of `length` bytes in the form of a version, made as fast as it is read. */
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
    body: streamed(form(await edited(), length)).stream,
    headers: { "content-type": MULTIPART },
    env: { QUEUE: keptQueue().binding },
  });
}

describe("a version of 100 MiB", () => {
  it("is stored where it is no longer with the upload's metadata in it either", async () => {
    const asset = await photo();
    const made = await versionOf(await send(asset.id, MAX_BYTES - 64 * 1024), 201);
    expect(made.file_size_bytes).toBeGreaterThan(MAX_BYTES - 64 * 1024);
    expect((await env.BUCKET.head(`originals/${asset.id}/${made.id}`))?.size).toBe(made.file_size_bytes);
    expect(await recount()).toEqual({});
  });

  it.each([
    ["as it is sent", MAX_BYTES + 1],
    ["with the upload's metadata in it", MAX_BYTES],
  ])("is refused where it is too long %s, and nothing of it stays", async (_when, length) => {
    const asset = await photo();
    expect((await refusalOf(await send(asset.id, length), 422)).message).toContain("100 MiB");
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await notes(asset.id)).toEqual([]);
    expect(await list(asset.id)).toHaveLength(1);
  });
});
