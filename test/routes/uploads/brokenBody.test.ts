import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/clients/account.ts";
import { refusalOf } from "../../support/clients/answers.ts";
import { watchedBucket } from "../../support/bindings/bucket.ts";
import { fields, file, largeBody, streamed } from "../../support/clients/multipart.ts";
import { postBody, traces } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const gone = new Error("the client has gone");

beforeAll(async () => {
  await owner();
});

/** The body's bytes up to a place, then the connection is lost. */
function* upTo(length: number, chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let left = length;
  for (const chunk of chunks) {
    yield chunk.slice(0, left);
    left -= Math.min(left, chunk.byteLength);
    if (left === 0) return;
  }
}

describe("a client that goes away", () => {
  const places: [string, number][] = [
    ["before a byte", 0],
    ["in the fields", 200],
    ["early in the file", 1000],
    ["in a file of one part", 5 * MIB],
    ["in the second part of a file", 9 * MIB],
    ["in the fourth part of a file", 25 * MIB],
  ];
  it.each(places)("%s leaves neither object nor row nor unfinished upload", async (_, length) => {
    const before = await traces();
    const bucket = watchedBucket();
    const body = streamed(upTo(length, largeBody(fields(), 40 * MIB, [])), gone);
    const response = await postBody(body.stream, { env: { BUCKET: bucket.binding } });
    expect((await refusalOf(response, 400)).message).toMatch(/broke off/);
    expect(await traces()).toEqual(before);
    const count = (call: string): number => bucket.calls.filter((made) => made === call).length;
    expect(count("abort")).toBe(count("createMultipartUpload"));
    expect(count("createMultipartUpload")).toBe(length > 8 * MIB ? 1 : 0);
    expect(count("complete") + count("put")).toBe(0);
  });

  it("behind the file, in the fields, leaves nothing of the file", async () => {
    const before = await traces();
    const bucket = watchedBucket();
    const whole = [...largeBody([], 9 * MIB, fields())];
    const length = whole.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const body = streamed(upTo(length - 150, whole), gone);
    await refusalOf(await postBody(body.stream, { env: { BUCKET: bucket.binding } }), 400);
    expect(bucket.calls.slice(-2)).toEqual(["complete", "delete"]);
    expect(await traces()).toEqual(before);
  });
});

describe("an upload that is refused while it is still being sent", () => {
  it("is read to its end, so that the client gets to see the answer", async () => {
    const before = await traces();
    const body = streamed(largeBody([file("", "notes.txt")], 12 * MIB, []));
    await refusalOf(await postBody(body.stream), 422);
    expect(body.pulledBytes()).toBeGreaterThan(12 * MIB);
    expect(await traces()).toEqual(before);
  });

  it("and breaks off after that is still refused for the first reason", async () => {
    const body = streamed(upTo(3 * MIB, largeBody([file("", "notes.txt")], 12 * MIB, [])), gone);
    expect((await refusalOf(await postBody(body.stream), 422)).message).toMatch(/extension/);
  });

  it("is not read for ever", async () => {
    const body = streamed(largeBody([file("", "notes.txt")], 160 * MIB, []));
    await refusalOf(await postBody(body.stream), 422);
    expect(body.pulledBytes()).toBeLessThan(110 * MIB);
  });
});
