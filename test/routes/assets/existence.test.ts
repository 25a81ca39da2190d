import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { assetExistenceSchema } from "../../../src/routes/assets/existenceSchemas.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertAssets, insertLibrary, insertTenant, type Tenant } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";

type ExistingAssets = z.infer<typeof assetExistenceSchema>["assets"];

let owner: { userId: string; libraryId: string };
let otherTenant: Tenant;
beforeAll(async () => {
  owner = await getRootOwner();
  otherTenant = await insertTenant();
});

const requestExistence = async (json: unknown, options: Parameters<typeof call>[2] & { libraryId?: string } = {}) => {
  const { libraryId = owner.libraryId, ...rest } = options;
  return await call("POST", `/api/assets/exist?library_id=${libraryId}`, { ...rest, json });
};

async function existingAssets(json: unknown, libraryId = owner.libraryId): Promise<ExistingAssets> {
  const response = await requestExistence(json, { libraryId });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return assetExistenceSchema.parse(JSON.parse(text)).assets;
}

const idsOf = (assets: ExistingAssets): string[] => assets.map((asset) => asset.id).toSorted();

async function digest(algorithm: "SHA-256" | "SHA-1", bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest(algorithm, bytes))));
}

describe("POST /api/assets/exist", () => {
  it("finds an upload by either checksum or device asset id and returns only the documented keys", async () => {
    const bytes = uniqueBytes();
    const { id } = await (await uploadWithoutConsumer(bytes, { deviceAssetId: "IMG_1" })).json<{ id: string }>();
    const lite = {
      id,
      checksum: await digest("SHA-256", bytes),
      checksum_sha1: await digest("SHA-1", bytes),
      device_asset_id: "IMG_1",
      device_id: "test device",
    };
    const unknown = await digest("SHA-256", uniqueBytes());
    expect(await existingAssets({ checksums: [lite.checksum, unknown, lite.checksum] })).toEqual([lite]);
    expect(await existingAssets({ checksum_sha1s: [lite.checksum_sha1] })).toEqual([lite]);
    expect(await existingAssets({ deviceId: "test device", deviceAssetIds: ["IMG_1", "IMG_2"] })).toEqual([lite]);
    expect(await existingAssets({ deviceId: "test device", deviceAssetIds: ["IMG_1"], checksums: null })).toEqual([
      lite,
    ]);
    expect(await existingAssets({ deviceId: "another device", deviceAssetIds: ["IMG_1"] })).toEqual([]);
    expect(await existingAssets({ checksums: [lite.checksum_sha1, "no checksum", ""] })).toEqual([]);
    expect(await existingAssets({ checksums: [] })).toEqual([]);
  });

  it("finds trashed assets but no assets of an emptied trash", async () => {
    const libraryId = await insertLibrary(owner.userId, "trashy");
    const [old = "", recent = ""] = await insertAssets({ ...owner, libraryId }, [{ trashedAt: 5 }, { trashedAt: 9 }]);
    const names = { deviceId: "d", deviceAssetIds: ["d"] };
    expect(idsOf(await existingAssets(names, libraryId))).toEqual([old, recent].toSorted());
    await env.DB.prepare("UPDATE libraries SET trash_cleared_at = 7 WHERE id = ?").bind(libraryId).run();
    expect(idsOf(await existingAssets(names, libraryId))).toEqual([recent]);
  });

  it("finds every asset that shares a device asset id", async () => {
    const libraryId = await insertLibrary(owner.userId, "same names");
    const ids = await insertAssets({ ...owner, libraryId }, [{}, {}, { trashedAt: 9 }]);
    expect(idsOf(await existingAssets({ deviceId: "d", deviceAssetIds: ["d", "e"] }, libraryId))).toEqual(
      ids.toSorted(),
    );
  });

  it("searches one library and never that of another account", async () => {
    const row = await env.DB.prepare("SELECT checksum FROM assets WHERE id = ?").bind(otherTenant.assetId).first();
    expect(await existingAssets({ checksums: [row?.checksum] })).toEqual([]);
    await expectError(
      await requestExistence({ checksums: [row?.checksum] }, { libraryId: otherTenant.libraryId }),
      404,
    );
    await expectError(await call("POST", "/api/assets/exist", { json: { checksums: [] } }), 400);
    const response = await call("POST", "/api/assets/exist", {
      json: { checksums: [row?.checksum] },
      token: otherTenant.secret,
    });
    expect(assetExistenceSchema.parse(await response.json()).assets.map((asset) => asset.id)).toEqual([
      otherTenant.assetId,
    ]);
  });

  it("returns 422 for no identifier, several, an incomplete one or too many", async () => {
    const many = Array.from({ length: 5001 }, (_, i) => `n${i}`);
    for (const json of [
      {},
      { checksums: null, checksum_sha1s: null, deviceId: null, deviceAssetIds: null },
      { checksums: ["a"], checksum_sha1s: ["b"] },
      { checksums: [], checksum_sha1s: [] },
      { checksums: ["a"], deviceId: "d" },
      { checksums: ["a"], deviceId: "d", deviceAssetIds: ["x"] },
      { deviceId: "d" },
      { deviceAssetIds: ["x"] },
      { checksums: many },
      { checksum_sha1s: many },
      { deviceId: "d", deviceAssetIds: many },
      { checksums: "a" },
      { checksums: [1] },
      { checksums: [null] },
      { checksums: { a: 1 } },
      [],
      null,
    ]) {
      await expectError(await requestExistence(json), 422);
    }
  });
});

describe("a library of 25,000 assets", () => {
  let big: Seeded;
  beforeAll(async () => {
    big = await seedLibrary(owner.userId, 25_000);
  }, 60_000);

  it("answers 5,000 names with one statement that reads one row per name and match", async () => {
    const counted = countingD1(env.DB);
    const cost = async (json: unknown) => {
      counted.reset();
      const response = await requestExistence(json, { libraryId: big.libraryId, env: { DB: counted.binding } });
      expect(response.status).toBe(200);
      const found = assetExistenceSchema.parse(await response.json()).assets.length;
      const { statements } = counted.counts;
      expect(statements).toHaveLength(3);
      return { found, rowsRead: statements.at(-1)?.rowsRead ?? 0 };
    };
    const names = (prefix: string, from: number) => Array.from({ length: 5000 }, (_, i) => `${prefix}${from + i}`);
    // 44 characters, the length of a base64 SHA-256.
    const unknown = names("x".repeat(38), 100_000);
    for (const [json, found] of [
      [{ checksums: names("c", 10_000) }, 5000],
      [{ checksum_sha1s: names("s", 10_000) }, 5000],
      [{ deviceId: "d", deviceAssetIds: names("d", 10_000) }, 5000],
      [{ checksums: unknown }, 0],
    ] as const) {
      const seen = await cost(json);
      expect(seen.found).toBe(found);
      expect(seen.rowsRead).toBeLessThanOrEqual(5000 + 2 * found + 10);
    }
  });

  it("rejects a device asset id with too many matches and says how to narrow the request", async () => {
    await env.DB.prepare("UPDATE assets SET device_asset_id = 'same' WHERE library_id = ? ").bind(big.libraryId).run();
    const refusal = await expectError(
      await requestExistence({ deviceId: "d", deviceAssetIds: ["same"] }, { libraryId: big.libraryId }),
      422,
    );
    expect(refusal.message).toContain("20000");
  });

  it("rejects matches whose device ids are too long together, and reads none of these texts", async () => {
    const long = "i".repeat(1024);
    const query =
      "UPDATE assets SET device_id = ?1, device_asset_id = substr(?1, 2) || (rowid % 2) WHERE library_id = ?2 AND rowid % 3 = 0";
    await env.DB.prepare(query).bind(long, big.libraryId).run();
    const counted = countingD1(env.DB);
    const options = { libraryId: big.libraryId, env: { DB: counted.binding } };
    const json = { deviceId: long, deviceAssetIds: [`${long.slice(1)}0`, `${long.slice(1)}1`] };
    await expectError(await requestExistence(json, options), 422);
    expect(counted.counts.resultCharacters).toBeLessThan(2 * 1024 * 1024);
    const half = { deviceId: long, deviceAssetIds: json.deviceAssetIds.slice(0, 1) };
    const found = assetExistenceSchema.parse(await (await requestExistence(half, options)).json()).assets;
    expect(found.length).toBeGreaterThan(4000);
    for (const asset of found) expect([asset.device_id, asset.device_asset_id]).toEqual([long, half.deviceAssetIds[0]]);
  });
});
