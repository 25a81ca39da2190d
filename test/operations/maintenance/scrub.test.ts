import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { originalKey } from "../../../src/objects/keys.ts";
import { purgeAssets } from "../../../src/operations/deletion/purge.ts";
import {
  scrubOriginals,
  MAX_SCRUBBED_FILES_PER_RUN,
  SCRUB_INTERVAL_MS,
} from "../../../src/operations/maintenance/scrub.ts";
import { integritySchema } from "../../../src/routes/maintenance/schemas.ts";
import { storedKeys } from "../../support/bindings/bucket.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import {
  appendVersion,
  deleteVersion,
  editedJpeg,
  expectVersion,
  uploadPhoto,
} from "../../support/clients/versions.ts";
import { testConfig, testContext } from "../../support/context.ts";

const MIB = 1024 * 1024;

let libraryId = "";
beforeEach(async () => {
  libraryId = (await getRootOwner()).libraryId;
  for (const method of ["warn", "log", "error"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  for (const table of ["assets", "asset_versions", "scrub_rounds", "corrupted_files"])
    await sqlAll(`DELETE FROM ${table}`);
  await env.BUCKET.delete(await storedKeys());
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface RunOptions {
  bytes?: number;
  laterMs?: number;
  bucket?: R2Bucket;
}

async function scrub({ bytes = 1024 * MIB, laterMs = 0, bucket = env.BUCKET }: RunOptions = {}): Promise<boolean> {
  const config = testConfig({ scrubBytesPerRun: bytes });
  return await scrubOriginals(testContext({ config, bucket, nowMs: Date.now() + laterMs }));
}

async function readScrub() {
  return integritySchema.parse(await (await call("GET", "/api/integrity")).json()).scrub;
}

interface File {
  assetId: string;
  versionId: string;
  bytes: Uint8Array;
}

async function storeFile(length = 1000): Promise<File> {
  const bytes = uniqueBytes(length);
  const asset = await expectAsset(await uploadWithoutConsumer(bytes), 201);
  return { assetId: asset.id, versionId: asset.current_version_id, bytes };
}

/** Overwrites the object with one bit flipped. */
async function flipBit({ assetId, versionId, bytes }: File, at: number): Promise<void> {
  const damaged = bytes.slice();
  damaged[at] = (damaged[at] ?? 0) ^ 1;
  await env.BUCKET.put(originalKey(assetId, versionId), damaged, { httpMetadata: { contentType: "image/jpeg" } });
}

/** The bucket with reads of one asset's objects failing. */
function failingReads(assetId: string): R2Bucket {
  return new Proxy(env.BUCKET, {
    get(target, name) {
      if (name !== "get") return Reflect.get(target, name) as unknown;
      return async (key: string, options: R2GetOptions) => {
        if (key.includes(assetId)) throw new Error("get: internal error (10001)");
        return await target.get(key, options);
      };
    },
  });
}

async function restore({ assetId, versionId, bytes }: File): Promise<void> {
  await env.BUCKET.put(originalKey(assetId, versionId), bytes);
}

describe("the scrub", () => {
  it("finds nothing among intact files, and reports how much it read", async () => {
    for (let i = 0; i < 3; i++) await storeFile();
    expect(await scrub()).toBe(true);
    const status = await readScrub();
    expect(status).toMatchObject({ running: null, corrupted_count: 0, corrupted_files: [] });
    expect(status.last_round).toMatchObject({ files_checked: 3, bytes_checked: 3000 });
  });

  it("lists a file of which one bit was flipped, and still serves it", async () => {
    const [, damaged] = [await storeFile(), await storeFile()];
    await flipBit(damaged, 500);
    await scrub();
    expect(await readScrub()).toMatchObject({
      corrupted_count: 1,
      corrupted_files: [
        {
          asset_id: damaged.assetId,
          version_id: damaged.versionId,
          first_byte: 0,
          byte_count: 1000,
          expected_digest: createHash("sha256").update(damaged.bytes).digest("base64"),
        },
      ],
    });
    expect((await call("GET", `/api/assets/${damaged.assetId}/download`)).status).toBe(200);
  });

  it("removes a finding when the file is intact again, and when its asset is deleted", async () => {
    const [repaired, deleted] = [await storeFile(), await storeFile()];
    for (const file of [repaired, deleted]) await flipBit(file, 0);
    await scrub();
    expect((await readScrub()).corrupted_count).toBe(2);
    await restore(repaired);
    await purgeAssets(testContext(), [deleted.assetId], { kind: "requested", libraryId });
    expect((await readScrub()).corrupted_files.map((file) => file.asset_id)).toEqual([repaired.assetId]);
    await scrub({ laterMs: SCRUB_INTERVAL_MS + 1000 });
    expect((await readScrub()).corrupted_count).toBe(0);
  });

  it("reads the parts of a large file one by one, over several runs, and names the damaged part", async () => {
    const [before, large, after] = [await storeFile(), await storeFile(17 * MIB), await storeFile()];
    const [parts] = await sqlAll("SELECT part_bytes, md5s FROM part_checksums WHERE version_id = ?", large.versionId);
    const partBytes = Number(parts?.["part_bytes"]);
    expect(partBytes).toBeGreaterThan(MIB);
    await flipBit(large, partBytes + 3);
    const read: number[] = [];
    let isComplete = false;
    for (let run = 0; run < 20 && !isComplete; run++) {
      isComplete = await scrub({ bytes: 1001 });
      read.push((await readScrub()).running?.bytes_checked ?? 0);
    }
    expect(isComplete).toBe(true);
    for (const [i, bytes] of read.slice(0, -1).entries())
      expect(bytes - (read[i - 1] ?? 0)).toBeLessThanOrEqual(partBytes + 1000);
    const { last_round, corrupted_files } = await readScrub();
    expect(last_round).toMatchObject({
      files_checked: 3,
      bytes_checked: before.bytes.length + large.bytes.length + after.bytes.length,
    });
    expect(corrupted_files).toMatchObject([{ asset_id: large.assetId, first_byte: partBytes, byte_count: partBytes }]);
  });

  it("reads edited versions too, and drops the findings of deleted ones", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    const key = originalKey(asset.id, version.id);
    await env.BUCKET.put(key, new Uint8Array(version.file_size_bytes));
    await scrub();
    expect((await readScrub()).corrupted_files).toMatchObject([{ version_id: version.id }]);
    expect((await readScrub()).last_round?.files_checked).toBe(2);
    expect((await deleteVersion(asset.id, version.id)).status).toBe(200);
    expect((await readScrub()).corrupted_count).toBe(0);
  });

  it("continues where it stopped after R2 failed, and records no damage for it", async () => {
    const files = [await storeFile(), await storeFile(), await storeFile()];
    const failing = failingReads(files[1]?.assetId ?? "");
    await expect(scrub({ bucket: failing })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect((await readScrub()).running).toMatchObject({ files_checked: 1 });
    expect(await scrub()).toBe(true);
    expect(await readScrub()).toMatchObject({ corrupted_count: 0, last_round: { files_checked: 3 } });
  });

  it("leaves a missing object to the integrity report", async () => {
    const file = await storeFile();
    await env.BUCKET.delete(originalKey(file.assetId, file.versionId));
    expect(await scrub()).toBe(true);
    expect((await readScrub()).corrupted_count).toBe(0);
  });

  it("reads at most a fixed number of files per run", async () => {
    const file = await storeFile(10);
    const columns =
      "library_id, user_id, checksum_sha1, file_size_bytes, mime_type, media_type, original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id, file_metadata, metadata_updated_at, created_at, updated_at";
    await sqlAll(
      `INSERT INTO assets (id, checksum, ${columns})
       SELECT 'asset_z' || value, checksum || value, ${columns} FROM assets, (SELECT value FROM json_each(?)) WHERE assets.id = ?`,
      JSON.stringify(Array.from({ length: MAX_SCRUBBED_FILES_PER_RUN }, (_, i) => i)),
      file.assetId,
    );
    expect(await scrub()).toBe(false);
    expect((await readScrub()).running?.files_checked).toBe(MAX_SCRUBBED_FILES_PER_RUN);
    expect(await scrub()).toBe(true);
  });

  it("starts a round a week after the last one, and never with SCRUB_BYTES_PER_RUN=0", async () => {
    await storeFile();
    expect(await scrub({ bytes: 0 })).toBe(false);
    expect(await readScrub()).toMatchObject({ last_round: null, running: null });
    expect(await scrub()).toBe(true);
    expect(await scrub({ laterMs: SCRUB_INTERVAL_MS - 60_000 })).toBe(false);
    expect(await scrub({ laterMs: SCRUB_INTERVAL_MS + 60_000 })).toBe(true);
    expect(await sqlAll("SELECT count(*) AS n FROM scrub_rounds")).toEqual([{ n: 1 }]);
  });
});
