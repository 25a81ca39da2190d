import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { assetExistenceSchema } from "../../../src/routes/assets/existenceSchemas.ts";
import { refusalOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";
import { insertAssets, insertLibrary, insertTenant, rootOwner, type Tenant } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

type Known = z.infer<typeof assetExistenceSchema>["assets"];

let owner: { userId: string; libraryId: string };
let theirs: Tenant;
beforeAll(async () => {
  owner = await rootOwner();
  theirs = await insertTenant();
});

const ask = async (json: unknown, options: Parameters<typeof call>[2] & { libraryId?: string } = {}) => {
  const { libraryId = owner.libraryId, ...rest } = options;
  return await call("POST", `/api/assets/exist?library_id=${libraryId}`, { ...rest, json });
};

async function known(json: unknown, libraryId = owner.libraryId): Promise<Known> {
  const response = await ask(json, { libraryId });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return assetExistenceSchema.parse(JSON.parse(text)).assets;
}

const idsOf = (assets: Known): string[] => assets.map((asset) => asset.id).toSorted();

async function digest(algorithm: "SHA-256" | "SHA-1", bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest(algorithm, bytes))));
}

describe("asking which files are there", () => {
  it("finds an upload by either checksum and by its device's name, and says no more than that", async () => {
    const bytes = uniqueBytes();
    const { id } = await (await quietUpload(bytes, { deviceAssetId: "IMG_1" })).json<{ id: string }>();
    const lite = {
      id,
      checksum: await digest("SHA-256", bytes),
      checksum_sha1: await digest("SHA-1", bytes),
      device_asset_id: "IMG_1",
      device_id: "test device",
    };
    const unknown = await digest("SHA-256", uniqueBytes());
    expect(await known({ checksums: [lite.checksum, unknown, lite.checksum] })).toEqual([lite]);
    expect(await known({ checksum_sha1s: [lite.checksum_sha1] })).toEqual([lite]);
    expect(await known({ deviceId: "test device", deviceAssetIds: ["IMG_1", "IMG_2"] })).toEqual([lite]);
    expect(await known({ deviceId: "test device", deviceAssetIds: ["IMG_1"], checksums: null })).toEqual([lite]);
    expect(await known({ deviceId: "another device", deviceAssetIds: ["IMG_1"] })).toEqual([]);
    expect(await known({ checksums: [lite.checksum_sha1, "no checksum", ""] })).toEqual([]);
    expect(await known({ checksums: [] })).toEqual([]);
  });

  it("finds what lies in the trash, but nothing that the trash was emptied of", async () => {
    const libraryId = await insertLibrary(owner.userId, "trashy");
    const [old = "", recent = ""] = await insertAssets({ ...owner, libraryId }, [{ trashedAt: 5 }, { trashedAt: 9 }]);
    const names = { deviceId: "d", deviceAssetIds: ["d"] };
    expect(idsOf(await known(names, libraryId))).toEqual([old, recent].toSorted());
    await env.DB.prepare("UPDATE libraries SET emptied_at = 7 WHERE id = ?").bind(libraryId).run();
    expect(idsOf(await known(names, libraryId))).toEqual([recent]);
  });

  it("finds every asset that shares a device's name", async () => {
    const libraryId = await insertLibrary(owner.userId, "same names");
    const ids = await insertAssets({ ...owner, libraryId }, [{}, {}, { trashedAt: 9 }]);
    expect(idsOf(await known({ deviceId: "d", deviceAssetIds: ["d", "e"] }, libraryId))).toEqual(ids.toSorted());
  });

  it("looks into one library, and never into another owner's", async () => {
    const row = await env.DB.prepare("SELECT checksum FROM assets WHERE id = ?").bind(theirs.assetId).first();
    expect(await known({ checksums: [row?.checksum] })).toEqual([]);
    await refusalOf(await ask({ checksums: [row?.checksum] }, { libraryId: theirs.libraryId }), 404);
    await refusalOf(await call("POST", "/api/assets/exist", { json: { checksums: [] } }), 400);
    const response = await call("POST", "/api/assets/exist", {
      json: { checksums: [row?.checksum] },
      token: theirs.secret,
    });
    expect(assetExistenceSchema.parse(await response.json()).assets.map((asset) => asset.id)).toEqual([theirs.assetId]);
  });

  it("by no way, by several, by half a way or by too many names is 422", async () => {
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
      await refusalOf(await ask(json), 422);
    }
  });
});

describe("in a library of 25,000 assets", () => {
  let big: Seeded;
  beforeAll(async () => {
    big = await seedLibrary(owner.userId, 25_000);
  }, 60_000);

  it("5,000 names cost one statement, a row for each name and one for each match", async () => {
    const counted = countingD1(env.DB);
    const cost = async (json: unknown) => {
      counted.reset();
      const response = await ask(json, { libraryId: big.libraryId, env: { DB: counted.binding } });
      expect(response.status).toBe(200);
      const found = assetExistenceSchema.parse(await response.json()).assets.length;
      const { statements } = counted.counts;
      expect(statements).toHaveLength(3);
      return { found, rowsRead: statements.at(-1)?.rowsRead ?? 0 };
    };
    const names = (prefix: string, from: number) => Array.from({ length: 5000 }, (_, i) => `${prefix}${from + i}`);
    // Names of 44 characters, as checksums are.
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

  it("a name that too many assets share is refused with what to do about it", async () => {
    await env.DB.prepare("UPDATE assets SET device_asset_id = 'same' WHERE library_id = ? ").bind(big.libraryId).run();
    const refusal = await refusalOf(
      await ask({ deviceId: "d", deviceAssetIds: ["same"] }, { libraryId: big.libraryId }),
      422,
    );
    expect(refusal.message).toContain("20000");
  });
});
