import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { insertAssets, insertKey, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

const pageSchema = z.object({
  data: z.array(z.object({ id: z.string(), name: z.string() })),
  has_more: z.boolean(),
});

let tenant: { userId: string; libraryId: string; token: string };
const counted = countingD1(env.DB);

beforeAll(async () => {
  const userId = await insertUser();
  tenant = { userId, libraryId: await insertLibrary(userId), token: (await insertKey({ userId })).secret };
});

async function list(query: Record<string, string>) {
  counted.reset();
  const path = `/api/albums?${new URLSearchParams({ library_id: tenant.libraryId, ...query }).toString()}`;
  const response = await call("GET", path, { token: tenant.token, env: { DB: counted.binding } });
  expect(response.status).toBe(200);
  return pageSchema.parse(await response.json());
}

async function namesOf(query: Record<string, string>): Promise<string[]> {
  return (await list(query)).data.map(({ name }) => name).toSorted();
}

async function create(name: string): Promise<string> {
  const json = { name, library_id: tenant.libraryId };
  const response = await call("POST", "/api/albums", { token: tenant.token, json });
  return z.object({ id: z.string() }).parse(await response.json()).id;
}

/** Inserts albums as an older release did: without a folded name. `#` stands for their number. */
async function insertOld(name: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => newId("album", i));
  await sqlAll(
    `INSERT INTO albums (id, user_id, library_id, name, created_at, updated_at)
     SELECT value, ?2, ?3, replace(?4, '#', key), 0, 0 FROM json_each(?1)`,
    JSON.stringify(ids),
    tenant.userId,
    tenant.libraryId,
    name,
  );
  return ids;
}

describe("GET /api/albums with a name", () => {
  const names = ["Été à Paris", "Summer_2026", "SUMMER 100%", "Straße"];
  beforeAll(async () => {
    for (const name of names) await create(name);
  });

  it.each([
    ["summer", ["SUMMER 100%", "Summer_2026"]],
    [" SUMMER ", ["SUMMER 100%", "Summer_2026"]],
    ["ÉTÉ", ["Été à Paris"]],
    ["e\u0301te\u0301", ["Été à Paris"]],
    ["STRASSE", ["Straße"]],
    ["%", ["SUMMER 100%"]],
    ["_", ["Summer_2026"]],
    ["er_", ["Summer_2026"]],
    ["r 1", ["SUMMER 100%"]],
    ["ete", []],
    ["' OR 1=1 --", []],
    ["", [...names].toSorted()],
    [" \t", [...names].toSorted()],
  ])("%j finds the albums whose name contains it", async (name, expected) => {
    expect(await namesOf({ name })).toEqual(expected);
  });

  it("refuses a name that is longer than one can be", async () => {
    const status = async (name: string) =>
      (await call("GET", `/api/albums?library_id=${tenant.libraryId}&name=${name}`, { token: tenant.token })).status;
    expect(await status("x".repeat(1024))).toBe(200);
    expect(await status("x".repeat(1025))).toBe(422);
  });

  it("combines with an asset and with ids", async () => {
    const [asset = ""] = await insertAssets(tenant, [{}]);
    const [one, two] = [await create("combined one"), await create("combined two")];
    const json = { asset_ids: [asset] };
    for (const id of [one, two]) await call("POST", `/api/albums/${id}/assets`, { token: tenant.token, json });
    expect(await namesOf({ name: "TWO", asset_id: asset })).toEqual(["combined two"]);
    expect(await namesOf({ name: "combined", ids: one })).toEqual(["combined one"]);
    expect(await namesOf({ name: "two", ids: one })).toEqual([]);
  });

  it("leaves out deleted albums and renamed ones", async () => {
    const [gone, renamed] = [await create("fleeting"), await create("fleeting too")];
    await call("DELETE", `/api/albums/${gone}`, { token: tenant.token });
    await call("PATCH", `/api/albums/${renamed}`, { token: tenant.token, json: { name: "lasting" } });
    expect(await namesOf({ name: "fleeting" })).toEqual([]);
    expect(await namesOf({ name: "LAST" })).toEqual(["lasting"]);
  });

  it("finds albums of older releases, and folds their names once", async () => {
    await insertOld("Été ancien #", 30);
    const first = await list({ name: "ÉTÉ ANCIEN", limit: "7" });
    expect([first.data.length, first.has_more]).toEqual([7, true]);
    const trips = counted.counts.roundTrips;
    const again = await list({ name: "ÉTÉ ANCIEN", limit: "7" });
    expect(again).toEqual(first);
    expect(trips - counted.counts.roundTrips).toBe(3);
  });

  it("pages through 10,000 albums and reads their names, not the albums", async () => {
    const userId = await insertUser();
    tenant = { userId, libraryId: await insertLibrary(userId), token: (await insertKey({ userId })).secret };
    await insertOld("Album #", 10_000);
    await list({ name: "album 77" });
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page = await list({
        name: "ALBUM 77",
        limit: "50",
        ...(cursor === undefined ? {} : { starting_after_id: cursor }),
      });
      seen.push(...page.data.map(({ name }) => name));
      more = page.has_more;
      cursor = page.data.at(-1)?.id;
      expect(counted.counts.rowsRead).toBeLessThan(10_000 + 400);
    }
    expect(seen).toHaveLength(111);
    expect(new Set(seen).size).toBe(111);
    // Every album matches and is sorted.
    await list({ name: "album" });
    expect(counted.counts.rowsRead).toBeLessThan(20_000 + 200);
  });
});
