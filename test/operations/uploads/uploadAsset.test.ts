import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { assetIdOfKey } from "../../../src/objects/keys.ts";
import { sweepObjects } from "../../../src/operations/maintenance/sweeps.ts";
import { uploadAsset, type UploadFields } from "../../../src/operations/uploads/uploadAsset.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner, countUploadRows, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { instrumentedBucket, type BucketFaults } from "../../support/bindings/bucket.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { fields, file, largeBody, streamChunks } from "../../support/clients/multipart.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { postBody, postParts, uploadWithoutConsumer, storedState } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import { uploadSource, uploadFields } from "../../support/uploadSource.ts";
import type { Principal } from "../../../src/operations/accounts/authentication.ts";
import type { Context } from "../../../src/operations/context.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3600 * 1000;
const lost = new Error("D1_ERROR: Network connection lost.");
let principal: Principal & { libraryId: string };

beforeAll(async () => {
  const owner = await getRootOwner();
  principal = { ...owner, libraryIds: null, actions: ["read", "write"], isSession: true, isOwner: true };
});
/** Silences the log lines of intended failures. */
beforeEach(() => {
  for (const method of ["error", "warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

function contextAt(nowMs: number): Context {
  return testContext({ nowMs });
}

async function sweepLater(): Promise<number> {
  return await sweepObjects(contextAt(Date.now() + 2 * HOUR_MS));
}

/** Fails only the batch that inserts the asset's row. */
function failingInsert(when: keyof D1Faults, error: Error = lost): D1Database {
  const fail = (statements: string[]): void => {
    if (statements.some((text) => /insert into "assets"/i.test(text))) throw error;
  };
  return countingD1(env.DB, { [when]: fail }).binding;
}

async function readObject(key: string): Promise<Uint8Array | null> {
  return (await (await env.BUCKET.get(key))?.bytes()) ?? null;
}

describe("an upload during an R2 failure", () => {
  const faults: [string, BucketFaults, number][] = [
    ["put", { put: "rejected" }, 1000],
    ["put with a lost response", { put: "response_lost" }, 1000],
    ["createMultipartUpload", { createMultipartUpload: "rejected" }, 9 * MIB],
    ["uploadPart", { uploadPart: "rejected" }, 20 * MIB],
    ["complete", { complete: "rejected" }, 9 * MIB],
    ["complete with a lost response", { complete: "response_lost" }, 9 * MIB],
    ["get while the metadata is read", { get: "rejected" }, 9 * MIB],
  ];
  it.each(faults)("returns 502 with Retry-After and leaves no trace: %s", async (_, fault, length) => {
    const before = await storedState();
    const bucket = instrumentedBucket(fault).binding;
    const body = streamChunks(largeBody(fields(), length, [])).stream;
    const response = await postBody(body, { env: { BUCKET: bucket } });
    expect(response.headers.get("retry-after")).toBe("5");
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect((await expectError(response, 502)).error).toBe("storage_unavailable");
    expect(await storedState()).toEqual(before);
    const again = streamChunks(largeBody(fields(), length, [])).stream;
    const asset = await expectAsset(await postBody(again), 201);
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await sweepLater()).toBe(1);
  });

  it("returns 200 for a duplicate whose second object cannot be deleted, and the sweep deletes it", async () => {
    const bytes = uniqueBytes();
    const first = await expectAsset(await uploadWithoutConsumer(bytes), 201);
    const before = await storedState();
    const bucket = instrumentedBucket({ delete: "rejected" }).binding;
    expect((await expectAsset(await uploadWithoutConsumer(bytes, { env: { BUCKET: bucket } }), 200)).id).toBe(first.id);
    expect((await storedState()).keys).toHaveLength(before.keys.length + 1);
    expect(await sweepLater()).toBe(1);
    expect(await storedState()).toEqual(before);
  });

  it("returns the validation error when the rejected file cannot be deleted", async () => {
    const bucket = instrumentedBucket({ delete: "rejected" }).binding;
    const wrong = [file(uniqueBytes()), ...fields({ file_created_at: "never" })];
    await expectError(await postParts(wrong, { env: { BUCKET: bucket } }), 422);
    expect(await sweepLater()).toBe(1);
  });
});

describe("an upload during a D1 failure", () => {
  it("returns 503 with Retry-After and stores nothing when the library lookup fails", async () => {
    const before = await storedState();
    const fail = (statements: string[]): void => {
      if (statements.some((text) => /from "libraries"/i.test(text))) throw lost;
    };
    const binding = countingD1(env.DB, { beforeBatch: fail }).binding;
    const response = await uploadWithoutConsumer(uniqueBytes(), { env: { DB: binding } });
    expect(response.headers.get("retry-after")).toBe("2");
    expect((await expectError(response, 503)).error).toBe("database_unavailable");
    expect(await storedState()).toEqual(before);
  });

  it("returns 503 when the insert fails; the object stays until the sweep, and a retry creates a new asset", async () => {
    const bytes = uniqueBytes();
    const before = await storedState();
    const response = await uploadWithoutConsumer(bytes, { env: { DB: failingInsert("beforeBatch") } });
    expect(response.headers.get("retry-after")).toBe("2");
    await expectError(response, 503);
    const after = await storedState();
    expect(after.rows).toEqual(before.rows);
    expect(after.keys).toHaveLength(before.keys.length + 1);
    const asset = await expectAsset(await uploadWithoutConsumer(bytes), 201);
    expect(await sweepObjects(contextAt(Date.now()))).toBe(0);
    expect(await sweepLater()).toBe(1);
    const keys = (await storedState()).keys;
    expect(keys).toHaveLength(before.keys.length + 1);
    expect(keys.map(assetIdOfKey)).toContain(asset.id);
  });

  it("returns 200 with the existing asset on a retry after the insert's response was lost", async () => {
    const bytes = uniqueBytes();
    const before = await storedState();
    const counters = await storageUsage(principal.libraryId);
    await expectError(await uploadWithoutConsumer(bytes, { env: { DB: failingInsert("afterBatch") } }), 503);
    const [row] = await sqlAll("SELECT id, current_version_id FROM assets ORDER BY id DESC LIMIT 1");
    const asset = await expectAsset(await uploadWithoutConsumer(bytes), 200);
    expect(asset).toMatchObject({ id: row?.id, current_version_id: row?.current_version_id });
    expect(await sweepLater()).toBe(0);
    expect(await readObject(`originals/${asset.id}/${asset.current_version_id}`)).toEqual(bytes);
    const { assets, events, tasks } = before.rows;
    expect(await countUploadRows()).toEqual({ assets: assets + 1, events: events + 2, tasks: tasks + 5 });
    expect(await storageUsage(principal.libraryId)).toMatchObject({ count: counters.count + 1 });
  });

  it("returns 500 without the error text for an unknown D1 error", async () => {
    const binding = failingInsert("beforeBatch", new Error("secret table layout"));
    const body = await expectError(await uploadWithoutConsumer(uniqueBytes(), { env: { DB: binding } }), 500);
    expect(body.error).toBe("internal_error");
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(await sweepLater()).toBe(1);
  });
});

describe("a Worker that stops during an upload", () => {
  it("leaves an object that the sweep deletes after an hour, when it stops between R2 and D1", async () => {
    const before = await storedState();
    const stored = Promise.withResolvers<void>();
    const source = uploadSource<UploadFields>("a.jpg", uniqueBytes(), () => {
      stored.resolve();
      return new Promise(() => {});
    });
    void uploadAsset(testContext(), principal, source);
    await stored.promise;
    expect(await sweepObjects(contextAt(Date.now() + 0.9 * HOUR_MS))).toBe(0);
    expect((await storedState()).keys).toHaveLength(before.keys.length + 1);
    expect(await sweepObjects(contextAt(Date.now() + 1.1 * HOUR_MS))).toBe(1);
    expect(await storedState()).toEqual(before);
  });

  it("leaves the asset with pending tasks, when it stops between D1 and the queue", async () => {
    const silent = recordingQueue(new Error("the queue is away"));
    const asset = await expectAsset(
      await uploadWithoutConsumer(uniqueBytes(), { env: { QUEUE: silent.binding } }),
      201,
    );
    expect((await readTasks(asset.id)).map((task) => task.status)).toEqual(Array.from({ length: 5 }, () => "pending"));
  });
});

describe("form fields after the file", () => {
  it("are rejected after half an hour, before the sweep could delete the file", async () => {
    const before = await storedState();
    const now = Date.now();
    const source = uploadSource("a.jpg", uniqueBytes(), () => {
      vi.spyOn(Date, "now").mockReturnValue(now + 0.6 * HOUR_MS);
      return uploadFields(principal.libraryId);
    });
    await expect(uploadAsset(testContext(), principal, source)).rejects.toMatchObject({ code: "bad_request" });
    expect(await storedState()).toEqual(before);
  });
});
