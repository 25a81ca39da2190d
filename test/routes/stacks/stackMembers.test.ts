import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { MAX_LISTED_STACK_MEMBERS } from "../../../src/records/stacks/stacks.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertStack,
  insertUser,
  type AssetFields,
} from "../../support/clients/tenants.ts";

const stackSchema = z.object({ id: z.string(), asset_count: z.int(), asset_ids: z.array(z.string()).nullable() });
const pageSchema = z.object({ data: z.array(stackSchema), has_more: z.boolean() });

const counted = countingD1(env.DB);

async function newTenant() {
  const userId = await insertUser();
  return { userId, libraryId: await insertLibrary(userId), token: (await insertKey({ userId })).secret };
}

let me: Awaited<ReturnType<typeof newTenant>>;
beforeAll(async () => {
  me = await newTenant();
});

async function list(query = "") {
  counted.reset();
  const path = `/api/stacks?include=asset_ids&${query}`;
  const response = await call("GET", path, { token: me.token, env: { DB: counted.binding } });
  expect(response.status).toBe(200);
  return pageSchema.parse(await response.json());
}

/** Inserts a stack of assets. */
async function newStack(assets: AssetFields[]): Promise<{ id: string; ids: string[] }> {
  const id = await insertStack(me);
  const ids = await insertAssets(me, assets);
  await sqlAll(
    "UPDATE assets SET stack_id = ?2 WHERE id IN (SELECT value FROM json_each(?1))",
    JSON.stringify(ids),
    id,
  );
  return { id, ids };
}

describe("GET /api/stacks with include=asset_ids", () => {
  it("lists live members, the oldest first", async () => {
    const { id, ids } = await newStack([
      { capturedAt: "2022-01-01T00:00:00" },
      { capturedAt: "2020-01-01T00:00:00" },
      { capturedAt: "2021-01-01T00:00:00", trashedAt: 1 },
      { capturedAt: "2021-06-01T00:00:00" },
    ]);
    const page = await list();
    expect(page.data).toEqual([{ id, asset_count: 3, asset_ids: [ids[1], ids[3], ids[0]] }]);
  });

  it("is the only answer with members; elsewhere they are null", async () => {
    const { id, ids } = await newStack([{}, {}]);
    const bodies = [
      await (
        await call("GET", "/api/stacks", { token: me.token })
      )
        .json<{ data: unknown[] }>()
        .then(({ data }) => data[0]),
      await (await call("GET", `/api/stacks/${id}`, { token: me.token })).json(),
      await (await call("PATCH", `/api/stacks/${id}`, { token: me.token, json: { primary_asset_id: ids[0] } })).json(),
    ];
    for (const body of bodies) expect(stackSchema.parse(body).asset_ids).toBeNull();
  });

  it("combines with ids, a cover and the pages of a list", async () => {
    const { id, ids } = await newStack([{}, {}]);
    expect((await list(`ids=${id}`)).data).toMatchObject([{ id, asset_count: 2 }]);
    await call("PATCH", `/api/stacks/${id}`, { token: me.token, json: { primary_asset_id: ids[1] } });
    const byCover = await list(`primary_asset_id=${ids[1]}`);
    expect(byCover.data.map(({ asset_ids }) => asset_ids?.toSorted())).toEqual([ids.toSorted()]);
    const seen: string[] = [];
    for (let query = "limit=1", more = true; more;) {
      const page = await list(query);
      seen.push(...page.data.map((stack) => stack.id));
      more = page.has_more;
      query = `limit=1&starting_after_id=${seen.at(-1)}`;
    }
    expect(seen).toHaveLength((await list("limit=200")).data.length);
  });

  it("refuses an unknown include with 422", async () => {
    for (const include of ["assets", "asset_ids,faces", "ASSET_IDS"]) {
      expect((await call("GET", `/api/stacks?include=${include}`, { token: me.token })).status, include).toBe(422);
    }
    expect((await call("GET", "/api/stacks?include=", { token: me.token })).status).toBe(200);
  });

  it("takes one statement more than no request, and rows in proportion to the members of the page", async () => {
    me = await newTenant();
    for (let i = 0; i < 30; i++) await newStack(Array.from({ length: 10 }, () => ({})));
    await list("limit=5");
    await list("limit=5");
    expect(counted.counts.roundTrips).toBe(1);
    expect(counted.counts.rowsRead).toBeLessThan(2 * 5 * 10 + 60);
  });

  it("ends a page after 10,000 members, and cuts a stack of more", async () => {
    me = await newTenant();
    const sizes = [MAX_LISTED_STACK_MEMBERS - 1, 2, MAX_LISTED_STACK_MEMBERS + 5, 2];
    const stacks = [];
    for (const size of sizes) stacks.push(await newStack(Array.from({ length: size }, () => ({}))));
    const first = await list();
    expect(first.data.map(({ asset_ids }) => asset_ids?.length)).toEqual([MAX_LISTED_STACK_MEMBERS - 1, 2]);
    expect(first.has_more).toBe(true);
    const second = await list(`starting_after_id=${first.data.at(-1)?.id}`);
    expect(second.data.map(({ asset_ids }) => asset_ids?.length)).toEqual([MAX_LISTED_STACK_MEMBERS]);
    expect(second.data[0]?.asset_count).toBe(MAX_LISTED_STACK_MEMBERS + 5);
    const third = await list(`starting_after_id=${second.data.at(-1)?.id}`);
    expect([third.data.length, third.has_more]).toEqual([1, false]);
  });
});
