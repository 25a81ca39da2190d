import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { PART_BYTES } from "../../../src/objects/uploads/partBuffers.ts";
import { uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { createApiKey, createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { instrumentedBucket, type InstrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { field, fields, file, largeBody, largeFile, streamChunks } from "../../support/clients/multipart.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { postBody, postParts } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const database = countingD1(env.DB);
let bucket: InstrumentedBucket;
let queue: ReturnType<typeof recordingQueue>;
let options: CallOptions;
let libraryId = "";

beforeAll(async () => {
  ({ libraryId } = await getRootOwner());
});
beforeEach(() => {
  database.reset();
  bucket = instrumentedBucket();
  queue = recordingQueue();
  options = { env: { DB: database.binding, BUCKET: bucket.binding, QUEUE: queue.binding } };
});

describe("the cost of an upload", () => {
  it("is three round trips to D1, one R2 write and one message for a new file", async () => {
    await expectAsset(await postParts([...fields(), file(uniqueBytes())], options), 201);
    expect(database.counts.roundTrips).toBe(3);
    expect(bucket.calls).toEqual(["put"]);
    expect(queue.sent).toHaveLength(1);
  });

  it("is three round trips to D1, one R2 write and one delete for a duplicate, without a message", async () => {
    const bytes = uniqueBytes();
    await postParts([...fields(), file(bytes)]);
    await expectAsset(await postParts([...fields(), file(bytes)], options), 200);
    expect(database.counts.roundTrips).toBe(3);
    expect(bucket.calls).toEqual(["put", "delete"]);
    expect(queue.sent).toEqual([]);
  });

  const library = (): ReturnType<typeof field> => field("library_id", libraryId);
  it.each([
    ["library_id before the file", () => [library(), ...fields(), file(uniqueBytes())], 3],
    ["all fields after the file", () => [file(uniqueBytes()), ...fields()], 3],
    ["library_id after the file", () => [...fields(), file(uniqueBytes()), library()], 3],
  ] as const)("stays within four round trips with %s", async (_, parts, roundTrips) => {
    await expectAsset(await postParts([...parts()], options), 201);
    expect(database.counts.roundTrips).toBe(roundTrips);
  });

  it("stays within four round trips with library_id of one of many after the file", async () => {
    const others = [await createLibrary(), await createLibrary(), await createLibrary()];
    const last = field("library_id", others[2] ?? "");
    const response = await postParts([...fields(), file(uniqueBytes()), last], options);
    for (const id of others) await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", id);
    await expectAsset(response, 201);
    // Three if the remembered authentication ran out meanwhile: the new one knows the libraries.
    expect(database.counts.roundTrips).toBeLessThanOrEqual(4);
  });

  it("stays within four round trips with an API key, including the update of its last use", async () => {
    const token = await createApiKey();
    await expectAsset(await postParts([...fields(), file(uniqueBytes()), library()], { ...options, token }), 201);
    expect(database.counts.roundTrips).toBe(4);
    database.reset();
    await expectAsset(await postParts([...fields(), file(uniqueBytes()), library()], { ...options, token }), 201);
    expect(database.counts.roundTrips).toBe(3);
  });

  it("stays within four round trips when the first library is created", async () => {
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", libraryId);
    const response = await postParts([...fields(), file(uniqueBytes())], options);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id <> ?", libraryId);
    await sqlAll("UPDATE libraries SET trashed_at = NULL WHERE id = ?", libraryId);
    await expectAsset(response, 201);
    expect(database.counts.roundTrips).toBeLessThanOrEqual(4);
  });

  it("is independent of the library's size", async () => {
    const other = await createLibrary();
    const cost = async (id: string): Promise<[number, number]> => {
      database.reset();
      await expectAsset(await postParts([...fields({ library_id: id }), file(uniqueBytes())], options), 201);
      return [database.counts.rowsRead, database.counts.rowsWritten];
    };
    const empty = await cost(other);
    for (let i = 0; i < 30; i++) await postParts([...fields({ library_id: other }), file(uniqueBytes())]);
    const [rowsRead, rowsWritten] = await cost(other);
    expect(rowsRead).toBe(empty[0]);
    // One event of eight is in the index of their times.
    expect(Math.abs(rowsWritten - empty[1])).toBeLessThanOrEqual(1);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other);
  });
});

describe("a large upload", () => {
  it("is read at the speed of storage, with at most two parts in memory", async () => {
    const length = 48 * MIB;
    const body = streamChunks(largeBody(fields(), length, []));
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
    const asset = await expectAsset(await postBody(body.stream, { ...options, env: bindings }), 201);
    const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
    for (const chunk of largeFile(length, 1)) {
      sha256.update(chunk);
      sha1.update(chunk);
    }
    expect(asset).toMatchObject({ checksum: sha256.digest("base64"), checksum_sha1: sha1.digest("base64") });
    expect(asset.file_size_bytes).toBe(length);
    // Allows for the fields and one chunk in the parser.
    expect(largestLead).toBeLessThanOrEqual(2 * PART_BYTES + 256 * 1024);
    expect(database.counts.roundTrips).toBe(3);
  });

  it("costs one R2 operation per part, two for the multipart upload and a few metadata reads", async () => {
    const body = streamChunks(largeBody(fields(), 20 * MIB, [], 2));
    await expectAsset(await postBody(body.stream, options), 201);
    const count = (call: string): number => bucket.calls.filter((made) => made === call).length;
    expect([count("createMultipartUpload"), count("uploadPart"), count("complete")]).toEqual([
      1,
      (20 * MIB) / PART_BYTES,
      1,
    ]);
    expect(count("get")).toBeLessThanOrEqual(5);
    expect(bucket.calls).toHaveLength(2 + (20 * MIB) / PART_BYTES + count("get"));
  });
});
