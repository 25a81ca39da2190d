import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { sweepIdempotencyKeys } from "../../../src/operations/idempotency/createOnce.ts";
import { IDEMPOTENCY_KEY_LIFETIME_MS } from "../../../src/records/idempotency/idempotencyKeys.ts";
import { createApiKey, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, upload, type CallOptions } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { testContext } from "../../support/context.ts";

const withId = z.object({ id: z.string() });

const assetIds: string[] = [];
let libraryId = "";

beforeAll(async () => {
  libraryId = (await getRootOwner()).libraryId;
  for (let i = 0; i < 4; i++) assetIds.push(withId.parse(await (await upload(uniqueBytes())).json()).id);
  await sqlAll("UPDATE assets SET width = 100, height = 100");
});

/** Another name for each test, because names are unique. */
let name = "";
beforeEach(() => {
  name = crypto.randomUUID();
});

interface Creation {
  path: string;
  table: string;
  body: () => Record<string, unknown>;
  change: Record<string, unknown>;
}

const albums: Creation = {
  path: "/api/albums",
  table: "albums",
  body: () => ({ name, description: "d", library_id: libraryId }),
  change: { name: "Other" },
};

const creations: Record<string, Creation> = {
  "an album": albums,
  "a library": {
    path: "/api/libraries",
    table: "libraries",
    body: () => ({ name }),
    change: { name: "Other" },
  },
  "a stack": {
    path: "/api/stacks",
    table: "stacks",
    body: () => ({ asset_ids: assetIds.slice(0, 2), library_id: libraryId }),
    change: { primary_asset_id: "" },
  },
  "a person": {
    path: "/api/people",
    table: "people",
    body: () => ({ name, birth_date: "1815-12-10", library_id: libraryId }),
    change: { birth_date: null },
  },
  "a face": {
    path: "/api/faces",
    table: "faces",
    body: () => ({ asset_id: assetIds[0], bounding_box: { x: 1, y: 2, w: 3, h: 4 } }),
    change: { bounding_box: { x: 1, y: 2, w: 3, h: 5 } },
  },
};

async function countRows(table: string): Promise<unknown> {
  return (await sqlAll(`SELECT count(*) AS n FROM ${table}`))[0]?.["n"];
}

async function create({ path }: Creation, key: string, json: unknown, options: CallOptions = {}): Promise<Response> {
  return await call("POST", path, { ...options, json, headers: { "idempotency-key": key } });
}

describe.each(Object.entries(creations))("%s created with an Idempotency-Key", (_, creation) => {
  it("is created once, and a repetition returns the first answer", async () => {
    const key = crypto.randomUUID();
    const first = await create(creation, key, creation.body());
    expect(first.status).toBe(201);
    const answer: unknown = await first.json();
    const rows = await countRows(creation.table);
    for (const repeated of [key, `"${key}"`]) {
      const again = await create(creation, repeated, creation.body());
      expect(again.status).toBe(201);
      expect(await again.json()).toEqual(answer);
    }
    expect(await countRows(creation.table)).toBe(rows);
  });

  it("returns the first answer even after it was changed or deleted", async () => {
    const key = crypto.randomUUID();
    const answer: unknown = await (await create(creation, key, creation.body())).json();
    await sqlAll(`DELETE FROM ${creation.table} WHERE id = ?`, withId.parse(answer).id);
    expect(await (await create(creation, key, creation.body())).json()).toEqual(answer);
    await sqlAll("UPDATE assets SET stack_id = NULL");
  });

  it("is refused with 422 for another body", async () => {
    const key = crypto.randomUUID();
    await create(creation, key, creation.body());
    const rows = await countRows(creation.table);
    const change = creation.table === "stacks" ? { primary_asset_id: assetIds[0] } : creation.change;
    const error = await expectError(await create(creation, key, { ...creation.body(), ...change }), 422);
    expect(error.message).toMatch(/different request/);
    expect(await countRows(creation.table)).toBe(rows);
  });

  it("is created once by concurrent requests, which all get the same answer", async () => {
    const key = crypto.randomUUID();
    const before = Number(await countRows(creation.table));
    const responses = await Promise.all([1, 2, 3, 4].map(() => create(creation, key, creation.body())));
    const answers = await Promise.all(responses.map((response) => response.text()));
    expect(responses.map((response) => response.status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers).size).toBe(1);
    expect(Number(await countRows(creation.table))).toBeLessThanOrEqual(before + 1);
  });

  it("is returned by a retry after the response of the batch was lost", async () => {
    const key = crypto.randomUUID();
    let failures = 1;
    const failing = countingD1(env.DB, {
      afterBatch: (sql) => {
        if (failures > 0 && sql.some((statement) => statement.includes("INSERT INTO idempotency_keys"))) {
          failures -= 1;
          throw new Error("D1_ERROR: Network connection lost.");
        }
      },
    });
    const lost = await create(creation, key, creation.body(), { env: { DB: failing.binding } });
    expect(lost.status).toBe(503);
    expect(failures).toBe(0);
    const rows = await countRows(creation.table);
    const retried = await create(creation, key, creation.body());
    expect(retried.status).toBe(201);
    expect(await countRows(creation.table)).toBe(rows);
  });
});

describe("an API key created with an Idempotency-Key", () => {
  it("is created once; a repetition is 409 with its id and without a secret, which is stored nowhere", async () => {
    const key = crypto.randomUUID();
    const headers = { "idempotency-key": key };
    const first = await call("POST", "/api/api-keys", { headers, json: { name: "phone" } });
    const created = z.object({ id: z.string(), api_key: z.string() }).parse(await first.json());
    const again = await call("POST", "/api/api-keys", { headers, json: { name: "phone" } });
    expect(again.headers.get("x-should-retry")).toBe("false");
    const error = await expectError(again, 409);
    expect(error.message).toContain(created.id);
    expect(JSON.stringify(error)).not.toContain(created.api_key);
    const stored = await sqlAll("SELECT result FROM idempotency_keys WHERE key = ?", key);
    expect(stored).toEqual([{ result: JSON.stringify({ id: created.id }) }]);
    await expectError(await call("POST", "/api/api-keys", { headers, json: { name: "tablet" } }), 422);
  });
});

describe("an Idempotency-Key", () => {
  const album = () => ({ name: crypto.randomUUID(), library_id: libraryId });

  it("belongs to one credential", async () => {
    const key = crypto.randomUUID();
    const token = await createApiKey();
    const ids = [];
    for (const options of [{}, { token }])
      ids.push(withId.parse(await (await create(albums, key, album(), options)).json()).id);
    expect(new Set(ids).size).toBe(2);
  });

  it("belongs to one route", async () => {
    const key = crypto.randomUUID();
    await call("POST", "/api/libraries", { headers: { "idempotency-key": key }, json: { name: "L" } });
    const other = await call("POST", "/api/albums", { headers: { "idempotency-key": key }, json: { name: "L" } });
    await expectError(other, 422);
  });

  it("is not used up by a request that fails", async () => {
    const key = crypto.randomUUID();
    const headers = { "idempotency-key": key };
    const missing = { name: "A", library_id: "lib_BM3nUmJ6fkBqBADyz5FEiu" };
    await expectError(await call("POST", "/api/albums", { headers, json: missing }), 404);
    expect((await call("POST", "/api/albums", { headers, json: album() })).status).toBe(201);
  });

  it.each(["", " ", '""', '"a', "a b", "x".repeat(256)])("is refused when it is malformed: %j", async (key) => {
    const headers = { "idempotency-key": key };
    const response = await call("POST", "/api/albums", { headers, json: album() });
    await expectError(response, 422);
  });

  it("is forgotten after a day, by the next request and by the schedule", async () => {
    const [used, swept] = [crypto.randomUUID(), crypto.randomUUID()];
    const ids = [];
    for (const key of [used, swept]) await create(albums, key, album());
    const body = album();
    await sqlAll("UPDATE idempotency_keys SET created_at = created_at - ?", IDEMPOTENCY_KEY_LIFETIME_MS);
    const before = Number(await countRows("albums"));
    for (let i = 0; i < 2; i++) ids.push(withId.parse(await (await create(albums, used, body)).json()).id);
    expect(new Set(ids).size).toBe(1);
    expect(await countRows("albums")).toBe(before + 1);
    expect(await sweepIdempotencyKeys(testContext())).toBeGreaterThan(0);
    expect(await sqlAll("SELECT key FROM idempotency_keys")).toEqual([{ key: used }]);
  });
});
