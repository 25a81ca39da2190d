import { beforeAll, describe, expect, it } from "vitest";
import { getRootOwner } from "../../support/clients/account.ts";
import { expectError } from "../../support/clients/responses.ts";
import { instrumentedBucket } from "../../support/bindings/bucket.ts";
import { fields, file, largeBody, streamChunks } from "../../support/clients/multipart.ts";
import { postBody, storedState } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const disconnected = new Error("client disconnected");

beforeAll(async () => {
  await getRootOwner();
});

/** Yields the first `length` bytes. */
function* takeBytes(length: number, chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let left = length;
  for (const chunk of chunks) {
    yield chunk.slice(0, left);
    left -= Math.min(left, chunk.byteLength);
    if (left === 0) return;
  }
}

describe("a client that disconnects", () => {
  const places: [string, number][] = [
    ["before the first byte", 0],
    ["in the fields", 200],
    ["early in the file", 1000],
    ["in a file of one part", 5 * MIB],
    ["in the second part of a file", 9 * MIB],
    ["in the fourth part of a file", 25 * MIB],
  ];
  it.each(places)("%s leaves no object, row or multipart upload", async (_, length) => {
    const before = await storedState();
    const bucket = instrumentedBucket();
    const body = streamChunks(takeBytes(length, largeBody(fields(), 40 * MIB, [])), disconnected);
    const response = await postBody(body.stream, { env: { BUCKET: bucket.binding } });
    expect((await expectError(response, 400)).message).toMatch(/ended unexpectedly/);
    expect(await storedState()).toEqual(before);
    const count = (call: string): number => bucket.calls.filter((made) => made === call).length;
    expect(count("abort")).toBe(count("createMultipartUpload"));
    expect(count("createMultipartUpload")).toBe(length > 8 * MIB ? 1 : 0);
    expect(count("complete") + count("put")).toBe(0);
  });

  it("in the fields after the file leaves no object", async () => {
    const before = await storedState();
    const bucket = instrumentedBucket();
    const whole = [...largeBody([], 9 * MIB, fields())];
    const length = whole.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const body = streamChunks(takeBytes(length - 150, whole), disconnected);
    await expectError(await postBody(body.stream, { env: { BUCKET: bucket.binding } }), 400);
    expect(bucket.calls.slice(-2)).toEqual(["complete", "delete"]);
    expect(await storedState()).toEqual(before);
  });
});

describe("an upload that is rejected early", () => {
  it("is read to its end, so that the client receives the response", async () => {
    const before = await storedState();
    const body = streamChunks(largeBody([file("", "notes.txt")], 12 * MIB, []));
    await expectError(await postBody(body.stream), 422);
    expect(body.pulledBytes()).toBeGreaterThan(12 * MIB);
    expect(await storedState()).toEqual(before);
  });

  it("returns the first error when the client disconnects later", async () => {
    const body = streamChunks(takeBytes(3 * MIB, largeBody([file("", "notes.txt")], 12 * MIB, [])), disconnected);
    expect((await expectError(await postBody(body.stream), 422)).message).toMatch(/extension/);
  });

  it("is not read beyond 100 MiB", async () => {
    const body = streamChunks(largeBody([file("", "notes.txt")], 160 * MIB, []));
    await expectError(await postBody(body.stream), 422);
    expect(body.pulledBytes()).toBeLessThan(110 * MIB);
  });
});
