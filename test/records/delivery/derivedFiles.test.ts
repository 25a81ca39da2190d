import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { recordDerivedFile, recordDerivedFiles } from "../../../src/records/delivery/derivedFiles.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { plainPng } from "../../support/media/pngs.ts";
import { storeAsset } from "../../support/storeAsset.ts";
import { openDatabase } from "../../../src/records/database.ts";

async function rowsOf(assetId: string): Promise<Record<string, unknown>[]> {
  return await sqlAll("SELECT name, size_bytes FROM derived_files WHERE asset_id = ? ORDER BY name", assetId);
}

describe("the sizes of derived files", () => {
  it("of all scaled variants are one row, which replaces the rows of single variants", async () => {
    const asset = await storeAsset("a.png", await plainPng(20, 10, [1, 2, 3, 255]));
    const version = { assetId: asset.id, versionId: asset.currentVersionId };
    const d1 = countingD1(env.DB);
    const db = openDatabase(d1.binding, "primary");
    for (const name of ["thumbnail", "fullsize"]) await recordDerivedFile(db, { ...version, name, sizeBytes: 100 });
    d1.reset();
    await recordDerivedFiles(db, [
      { ...version, name: "scaled", sizeBytes: 700 },
      { ...version, name: "proxy", sizeBytes: 5000 },
    ]);
    expect(d1.counts.roundTrips).toBe(1);
    expect(await rowsOf(asset.id)).toEqual([
      { name: "fullsize", size_bytes: 100 },
      { name: "proxy", size_bytes: 5000 },
      { name: "scaled", size_bytes: 700 },
    ]);
    expect(await sqlAll("SELECT derived_bytes FROM assets WHERE id = ?", asset.id)).toEqual([{ derived_bytes: 5800 }]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("cost three written rows for the scaled variants of a version, and none when written again", async () => {
    const asset = await storeAsset("b.png", await plainPng(21, 10, [1, 2, 3, 255]));
    const d1 = countingD1(env.DB);
    const db = openDatabase(d1.binding, "primary");
    const scaled = { assetId: asset.id, versionId: asset.currentVersionId, name: "scaled", sizeBytes: 700 };
    await recordDerivedFile(db, scaled);
    // Its own row, and the sums of the asset and of its library.
    expect(d1.counts).toMatchObject({ roundTrips: 1, rowsWritten: 3 });
    d1.reset();
    await recordDerivedFile(db, scaled);
    expect(d1.counts).toMatchObject({ roundTrips: 1, rowsWritten: 0 });
  });

  it("are not recorded for a version that was deleted meanwhile", async () => {
    const asset = await storeAsset("c.png", await plainPng(22, 10, [1, 2, 3, 255]));
    const versionId = "asset_version_deleted";
    const file = { assetId: asset.id, versionId, name: "scaled", sizeBytes: 700 };
    await recordDerivedFile(openDatabase(env.DB, "primary"), file);
    expect(await rowsOf(asset.id)).toEqual([]);
  });
});
