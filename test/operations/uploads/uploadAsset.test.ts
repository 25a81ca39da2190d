import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseOriginalKey } from "../../../src/objects/keys.ts";
import { sweepObjects } from "../../../src/operations/maintenance/sweeps.ts";
import type { WorkDeps } from "../../../src/operations/tasks/taskOutcome.ts";
import { receiveFile, registerUpload, type UploadDeps } from "../../../src/operations/uploads/uploadAsset.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { findLibrary } from "../../../src/records/libraries/libraries.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { owner, rowCounts, sqlAll, usage } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { watchedBucket, type BucketFaults } from "../../support/bindings/bucket.ts";
import { countingD1, type Faults } from "../../support/bindings/d1.ts";
import { fields, file, largeBody, streamed } from "../../support/clients/multipart.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { postBody, postParts, quietUpload, traces } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3600 * 1000;
const lost = new Error("D1_ERROR: Network connection lost.");
let who = { userId: "", libraryId: "" };

beforeAll(async () => {
  who = await owner();
});
/** What fails on purpose is logged; the tests look at the answers. */
beforeEach(() => {
  for (const method of ["error", "warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

function work(nowMs: number): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs };
}

async function sweepLater(): Promise<number> {
  return await sweepObjects(work(Date.now() + 2 * HOUR_MS));
}

/** An error where the batch holds the asset's own row, and nowhere else. */
function failingInsert(when: keyof Faults, error: Error = lost): D1Database {
  const fail = (statements: string[]): void => {
    if (statements.some((text) => /insert into "assets"/i.test(text))) throw error;
  };
  return countingD1(env.DB, { [when]: fail }).binding;
}

async function bodyOfStored(key: string): Promise<Uint8Array | null> {
  return (await (await env.BUCKET.get(key))?.bytes()) ?? null;
}

describe("when R2 fails, an upload", () => {
  const faults: [string, BucketFaults, number][] = [
    ["put", { put: "early" }, 1000],
    ["put, unheard", { put: "late" }, 1000],
    ["createMultipartUpload", { createMultipartUpload: "early" }, 9 * MIB],
    ["uploadPart", { uploadPart: "early" }, 20 * MIB],
    ["complete", { complete: "early" }, 9 * MIB],
    ["complete, unheard", { complete: "late" }, 9 * MIB],
    ["get, while the metadata is read", { get: "early" }, 9 * MIB],
  ];
  it.each(faults)("answers 502 with Retry-After and leaves nothing: %s", async (_, fault, length) => {
    const before = await traces();
    const bucket = watchedBucket(fault).binding;
    const body = streamed(largeBody(fields(), length, [])).stream;
    const response = await postBody(body, { env: { BUCKET: bucket } });
    expect(response.headers.get("retry-after")).toBe("5");
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect((await refusalOf(response, 502)).error).toBe("storage_unavailable");
    expect(await traces()).toEqual(before);
    const again = streamed(largeBody(fields(), length, [])).stream;
    const asset = await assetOf(await postBody(again), 201);
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await sweepLater()).toBe(1);
  });

  it("of known bytes still answers 200, though the second copy cannot be deleted; the sweep takes it", async () => {
    const bytes = uniqueBytes();
    const first = await assetOf(await quietUpload(bytes), 201);
    const before = await traces();
    const bucket = watchedBucket({ delete: "early" }).binding;
    expect((await assetOf(await quietUpload(bytes, { env: { BUCKET: bucket } }), 200)).id).toBe(first.id);
    expect((await traces()).keys).toHaveLength(before.keys.length + 1);
    expect(await sweepLater()).toBe(1);
    expect(await traces()).toEqual(before);
  });

  it("that is wrong anyway is refused for what is wrong with it", async () => {
    const bucket = watchedBucket({ delete: "early" }).binding;
    const wrong = [file(uniqueBytes()), ...fields({ file_created_at: "never" })];
    await refusalOf(await postParts(wrong, { env: { BUCKET: bucket } }), 422);
    expect(await sweepLater()).toBe(1);
  });
});

describe("when D1 fails, an upload", () => {
  it("before the library is known answers 503 with Retry-After and stores nothing", async () => {
    const before = await traces();
    const fail = (statements: string[]): void => {
      if (statements.some((text) => /from "libraries"/i.test(text))) throw lost;
    };
    const binding = countingD1(env.DB, { beforeBatch: fail }).binding;
    const response = await quietUpload(uniqueBytes(), { env: { DB: binding } });
    expect(response.headers.get("retry-after")).toBe("2");
    expect((await refusalOf(response, 503)).error).toBe("database_unavailable");
    expect(await traces()).toEqual(before);
  });

  it("before its row is written answers 503; the object stays until the sweep, and a retry is a new upload", async () => {
    const bytes = uniqueBytes();
    const before = await traces();
    const response = await quietUpload(bytes, { env: { DB: failingInsert("beforeBatch") } });
    expect(response.headers.get("retry-after")).toBe("2");
    await refusalOf(response, 503);
    const after = await traces();
    expect(after.rows).toEqual(before.rows);
    expect(after.keys).toHaveLength(before.keys.length + 1);
    const asset = await assetOf(await quietUpload(bytes), 201);
    expect(await sweepObjects(work(Date.now()))).toBe(0);
    expect(await sweepLater()).toBe(1);
    const keys = (await traces()).keys;
    expect(keys).toHaveLength(before.keys.length + 1);
    expect(keys.map((key) => parseOriginalKey(key)?.assetId)).toContain(asset.id);
  });

  it("after its row is written, unheard, loses nothing: the retry answers 200 with that asset", async () => {
    const bytes = uniqueBytes();
    const before = await traces();
    const counters = await usage(who.libraryId);
    await refusalOf(await quietUpload(bytes, { env: { DB: failingInsert("afterBatch") } }), 503);
    const [row] = await sqlAll("SELECT id, current_version_id FROM assets ORDER BY id DESC LIMIT 1");
    const asset = await assetOf(await quietUpload(bytes), 200);
    expect(asset).toMatchObject({ id: row?.id, current_version_id: row?.current_version_id });
    expect(await sweepLater()).toBe(0);
    expect(await bodyOfStored(`originals/${asset.id}/${asset.current_version_id}`)).toEqual(bytes);
    const { assets, events, tasks } = before.rows;
    expect(await rowCounts()).toEqual({ assets: assets + 1, events: events + 2, tasks: tasks + 3 });
    expect(await usage(who.libraryId)).toMatchObject({ count: counters.count + 1 });
  });

  it("for no reason that D1 is known to give answers 500 without its text", async () => {
    const binding = failingInsert("beforeBatch", new Error("secret table layout"));
    const body = await refusalOf(await quietUpload(uniqueBytes(), { env: { DB: binding } }), 500);
    expect(body.error).toBe("internal_error");
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(await sweepLater()).toBe(1);
  });
});

describe("when the Worker stops", () => {
  it("between R2 and D1, the sweep takes the object once no row can come any more", async () => {
    const before = await traces();
    const deps: UploadDeps = { ...work(Date.now()), nowMs: Date.now() };
    const body = (async function* () {
      yield uniqueBytes();
    })();
    await receiveFile(deps, { name: "a.jpg", body, sizeHint: null });
    expect(await sweepObjects(work(Date.now() + 0.9 * HOUR_MS))).toBe(0);
    expect((await traces()).keys).toHaveLength(before.keys.length + 1);
    expect(await sweepObjects(work(Date.now() + 1.1 * HOUR_MS))).toBe(1);
    expect(await traces()).toEqual(before);
  });

  it("between D1 and the queue, the upload is there and its work is open", async () => {
    const silent = keptQueue(new Error("the queue is away"));
    const asset = await assetOf(await quietUpload(uniqueBytes(), { env: { QUEUE: silent.binding } }), 201);
    const open = { status: "pending" };
    expect(await sqlAll("SELECT status FROM tasks WHERE asset_id = ?", asset.id)).toEqual([open, open, open]);
  });
});

describe("fields that dawdle behind the file", () => {
  it("are refused before the sweep could take the file from under them", async () => {
    const before = await traces();
    const deps: UploadDeps = { ...work(Date.now()), nowMs: Date.now() };
    const body = (async function* () {
      yield uniqueBytes();
    })();
    const received = await receiveFile(deps, { name: "a.jpg", body, sizeHint: null });
    const library = await findLibrary(deps.db, { userId: who.userId, libraryIds: null }, who.libraryId);
    if (library === null) throw new Error("no library");
    const time = { wallUs: 0, offsetMinutes: null };
    const texts = { deviceAssetId: "a", deviceId: "b", fileCreatedAt: time, fileModifiedAt: time };
    const late = { ...received, receivedAtMs: Date.now() - 0.6 * HOUR_MS };
    await expect(registerUpload(deps, late, texts, library)).rejects.toMatchObject({ code: "bad_request" });
    expect(await traces()).toEqual(before);
  });
});
