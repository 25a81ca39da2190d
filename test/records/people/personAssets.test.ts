/** Triggers keep the people of each asset, their pairs and their counts through random changes. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import { findPersonAssetMismatches, insertFaces, insertPerson } from "../../support/rows/personAssets.ts";
import { insertAssets, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

let owner: { userId: string; libraryId: string };
let assetIds: string[];
let personIds: string[];

beforeAll(async () => {
  const userId = await insertUser();
  owner = { userId, libraryId: await insertLibrary(userId) };
  assetIds = await insertAssets(
    owner,
    Array.from({ length: 12 }, (_, i) => ({
      capturedAt: `2024-0${1 + (i % 4)}-11T10:00:00`,
      trashedAt: i % 5 === 4 ? 9 : null,
    })),
  );
  personIds = await Promise.all(Array.from({ length: 6 }, async () => await insertPerson(owner)));
});

async function run(query: string, ...values: unknown[]): Promise<number> {
  return (
    await env.DB.prepare(query)
      .bind(...values)
      .run()
  ).meta.changes;
}

async function countOf(query: string, ...values: unknown[]): Promise<number> {
  return (
    (await env.DB.prepare(query)
      .bind(...values)
      .first<number>("n")) ?? 0
  );
}

describe("triggers of people on assets", () => {
  it("keep every row and count through random changes of faces and assets", async () => {
    const random = seededRandom(45);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const face = "(SELECT id FROM faces ORDER BY id LIMIT 1 OFFSET ?1 % max(1, (SELECT count(*) FROM faces)))";
    const place = (): number => Math.floor(random() * 1e6);
    const changes: (() => Promise<unknown>)[] = [
      async () => await insertFaces(owner, [{ assetId: pick(assetIds), personId: pick([...personIds, null]) }]),
      async () =>
        await insertFaces(
          owner,
          personIds.map((personId) => ({ assetId: pick(assetIds), personId })),
        ),
      async () => await run(`UPDATE faces SET person_id = ?2 WHERE id = ${face}`, place(), pick([...personIds, null])),
      async () => await run(`DELETE FROM faces WHERE id = ${face}`, place()),
      async () => await run("UPDATE assets SET trashed_at = ?1 WHERE id = ?2", pick([null, 8, 9]), pick(assetIds)),
      async () =>
        await run("UPDATE assets SET local_us = local_us + ?1 WHERE id = ?2", pick([1, 40 * 86_400e6]), pick(assetIds)),
      async () => await run("UPDATE faces SET person_id = ?1 WHERE person_id = ?2", pick(personIds), pick(personIds)),
      async () => await run("DELETE FROM assets WHERE id = ?1 AND ?2 = 0", pick(assetIds), Math.floor(random() * 10)),
    ];
    for (let i = 0; i < 300; i++) {
      await pick(changes)();
      if (i % 10 === 0) expect(await findPersonAssetMismatches(), `after change ${i}`).toEqual({});
    }
    expect(await countOf("SELECT count(*) AS n FROM person_pairs WHERE low_id <> high_id")).toBeGreaterThan(5);
    await run("UPDATE faces SET person_id = NULL");
    expect(await findPersonAssetMismatches()).toEqual({});
    for (const table of ["person_assets", "person_pairs", "person_month_counts"]) {
      expect(await countOf(`SELECT count(*) AS n FROM ${table}`), table).toBe(0);
    }
  });

  it("pair the first 20 people of an asset and list each of the others alone", async () => {
    const [assetId = ""] = await insertAssets(owner, [{}]);
    const crowd = await Promise.all(Array.from({ length: 25 }, async () => await insertPerson(owner)));
    const before = await countOf("SELECT count(*) AS n FROM person_pairs");
    await insertFaces(
      owner,
      crowd.map((personId) => ({ assetId, personId })),
    );
    expect(await countOf("SELECT count(*) AS n FROM person_pairs")).toBe(before + 25 + (20 * 19) / 2);
    expect(await findPersonAssetMismatches()).toEqual({});
    await run("UPDATE assets SET trashed_at = 5 WHERE id = ?", assetId);
    expect(await countOf("SELECT count(*) AS n FROM person_pairs")).toBe(before);
    await run("UPDATE assets SET trashed_at = NULL WHERE id = ?", assetId);
    expect(await countOf("SELECT count(*) AS n FROM person_pairs")).toBe(before + 25 + (20 * 19) / 2);
    // One of the paired leaves: the next person takes the place.
    await run("DELETE FROM faces WHERE asset_id = ?1 AND person_id = ?2", assetId, crowd[3]);
    await insertFaces(owner, [{ assetId, personId: crowd[3] ?? "" }]);
    expect(await findPersonAssetMismatches()).toEqual({});
    await run("DELETE FROM assets WHERE id = ?", assetId);
    expect(await countOf("SELECT count(*) AS n FROM person_pairs")).toBe(before);
    expect(await findPersonAssetMismatches()).toEqual({});
  });

  it("write few rows for a face, and none for assets without faces", async () => {
    const rowsOf = async (query: string, ...values: unknown[]): Promise<number> =>
      (
        await env.DB.prepare(query)
          .bind(...values)
          .run()
      ).meta.rows_written;
    const [plain = "", shared = ""] = await insertAssets(owner, [{}, {}]);
    const trash = "UPDATE assets SET trashed_at = ?1 WHERE id = ?2";
    const withoutFaces = await rowsOf(trash, 5, plain);
    const assign = "UPDATE faces SET person_id = ?1 WHERE id = ?2";
    const costs: number[] = [];
    for (let i = 0; i < 3; i++) {
      const [faceId = ""] = await insertFaces(owner, [{ assetId: shared }]);
      costs.push(await rowsOf(assign, await insertPerson(owner), faceId));
    }
    // A face and its indexes, the counts of the person with their indexes, and the rows of the asset's people: one more for each.
    const [alone = 0, second = 0, third = 0] = costs;
    expect(alone).toBeLessThanOrEqual(9);
    expect([second - alone, third - second]).toEqual([1, 1]);
    expect(await rowsOf(trash, 5, shared)).toBeLessThanOrEqual(withoutFaces + 60);
    expect(withoutFaces).toBeLessThanOrEqual(9);
  });
});
