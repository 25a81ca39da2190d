import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { newKey, newLibrary, owner, sqlAll } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { watchedBucket, type WatchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { field, fields, file, largeBody, largeFile, streamed } from "../../support/clients/multipart.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { postBody, postParts } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const database = countingD1(env.DB);
let bucket: WatchedBucket;
let queue: ReturnType<typeof keptQueue>;
let options: CallOptions;
let libraryId = "";

beforeAll(async () => {
  ({ libraryId } = await owner());
});
beforeEach(() => {
  database.reset();
  bucket = watchedBucket();
  queue = keptQueue();
  options = { env: { DB: database.binding, BUCKET: bucket.binding, QUEUE: queue.binding } };
});

describe("what an upload costs", () => {
  it("is three round trips to D1, one R2 write and one message for a new file", async () => {
    await assetOf(await postParts([...fields(), file(uniqueBytes())], options), 201);
    expect(database.counts.roundTrips).toBe(3);
    expect(bucket.calls).toEqual(["put"]);
    expect(queue.sent).toHaveLength(1);
  });

  it("is three round trips, one write and its undoing for bytes that are there, and no message", async () => {
    const bytes = uniqueBytes();
    await postParts([...fields(), file(bytes)]);
    await assetOf(await postParts([...fields(), file(bytes)], options), 200);
    expect(database.counts.roundTrips).toBe(3);
    expect(bucket.calls).toEqual(["put", "delete"]);
    expect(queue.sent).toEqual([]);
  });

  const library = (): ReturnType<typeof field> => field("library_id", libraryId);
  it.each([
    ["a library named before the file", () => [library(), ...fields(), file(uniqueBytes())], 3],
    ["the fields behind the file", () => [file(uniqueBytes()), ...fields()], 3],
    ["a library named behind the file", () => [...fields(), file(uniqueBytes()), library()], 3],
  ] as const)("stays within four round trips with %s", async (_, parts, roundTrips) => {
    await assetOf(await postParts([...parts()], options), 201);
    expect(database.counts.roundTrips).toBe(roundTrips);
  });

  it("stays within four round trips with a library out of many, named behind the file", async () => {
    const others = [await newLibrary(), await newLibrary(), await newLibrary()];
    const last = field("library_id", others[2] ?? "");
    await assetOf(await postParts([...fields(), file(uniqueBytes()), last], options), 201);
    expect(database.counts.roundTrips).toBe(4);
    for (const id of others) await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", id);
  });

  it("stays within four round trips with an API key, noting its use included", async () => {
    const token = await newKey();
    await assetOf(await postParts([...fields(), file(uniqueBytes()), library()], { ...options, token }), 201);
    expect(database.counts.roundTrips).toBe(4);
    database.reset();
    await assetOf(await postParts([...fields(), file(uniqueBytes()), library()], { ...options, token }), 201);
    expect(database.counts.roundTrips).toBe(3);
  });

  it("stays within four round trips when the first library has to be made", async () => {
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", libraryId);
    await assetOf(await postParts([...fields(), file(uniqueBytes())], options), 201);
    expect(database.counts.roundTrips).toBe(4);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id <> ?", libraryId);
    await sqlAll("UPDATE libraries SET trashed_at = NULL WHERE id = ?", libraryId);
  });

  it("does not grow with the library", async () => {
    const other = await newLibrary();
    const cost = async (id: string): Promise<[number, number]> => {
      database.reset();
      await assetOf(await postParts([...fields({ library_id: id }), file(uniqueBytes())], options), 201);
      return [database.counts.rowsRead, database.counts.rowsWritten];
    };
    const empty = await cost(other);
    for (let i = 0; i < 30; i++) await postParts([...fields({ library_id: other }), file(uniqueBytes())]);
    expect(await cost(other)).toEqual(empty);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other);
  });
});

describe("a large upload", () => {
  it("is read no faster than it is stored, and never held: at most two parts of it at a time", async () => {
    const length = 48 * MIB;
    const body = streamed(largeBody(fields(), length, []));
    let sent = 0;
    let largestLead = 0;
    const slow = new Proxy(bucket.binding, {
      get(target, name) {
        if (name !== "createMultipartUpload") return Reflect.get(target, name) as unknown;
        return async (key: string, r2options: R2MultipartOptions) => {
          const upload = await target.createMultipartUpload(key, r2options);
          const send = upload.uploadPart.bind(upload);
          const uploadPart = async (number: number, value: Uint8Array): Promise<R2UploadedPart> => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            largestLead = Math.max(largestLead, body.pulledBytes() - sent);
            const part = await send(number, value);
            sent += value.byteLength;
            return part;
          };
          return Object.assign(upload, { uploadPart });
        };
      },
    });
    const bindings = { ...options.env, BUCKET: slow };
    const asset = await assetOf(await postBody(body.stream, { ...options, env: bindings }), 201);
    const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
    for (const chunk of largeFile(length, 1)) {
      sha256.update(chunk);
      sha1.update(chunk);
    }
    expect(asset).toMatchObject({ checksum: sha256.digest("base64"), checksum_sha1: sha1.digest("base64") });
    expect(asset.file_size_bytes).toBe(length);
    // A chunk that is on its way through the parser, and the fields, come on top.
    expect(largestLead).toBeLessThanOrEqual(16 * MIB + 256 * 1024);
    expect(database.counts.roundTrips).toBe(3);
  });

  it("costs one R2 operation for each part, two around them, and few reads for its metadata", async () => {
    const body = streamed(largeBody(fields(), 20 * MIB, [], 2));
    await assetOf(await postBody(body.stream, options), 201);
    const count = (call: string): number => bucket.calls.filter((made) => made === call).length;
    expect([count("createMultipartUpload"), count("uploadPart"), count("complete")]).toEqual([1, 3, 1]);
    expect(count("get")).toBeLessThanOrEqual(5);
    expect(bucket.calls).toHaveLength(5 + count("get"));
  });
});
