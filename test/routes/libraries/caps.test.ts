/** Caps on libraries and albums, and lists that stay small in memory up to those caps. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES } from "../../../src/kernel/textLimits.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, upload, uniqueBytes } from "../../support/clients/api.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";

const withId = z.object({ id: z.string() });

async function statuses(requests: Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(requests)).map((response) => response.status).toSorted((a, b) => a - b);
}

function count(table: string): Promise<Record<string, unknown>[]> {
  return sqlAll(`SELECT count(*) AS rows FROM ${table}`);
}

describe("the cap on libraries of a user", () => {
  const capped = { env: { MAX_LIBRARIES_PER_USER: "4" } };
  const create = async (): Promise<Response> =>
    await call("POST", "/api/libraries", { ...capped, json: { name: crypto.randomUUID() } });

  it("lets concurrent requests create exactly as many, and answers 409 from then on", async () => {
    const { libraryId } = await getRootOwner();
    expect(await statuses(Array.from({ length: 8 }, create))).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    expect(await count("libraries")).toEqual([{ rows: 4 }]);
    await call("POST", `/api/libraries/${libraryId}/trash`);
    const refused = await create();
    expect(refused.status).toBe(409);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(await refused.json()).toMatchObject({
      message: "a user can have at most 4 libraries, trashed ones included",
    });
    await call("POST", `/api/libraries/${libraryId}/restore`);
  });
});

describe("the cap on albums of a library", () => {
  const capped = { env: { MAX_ALBUMS_PER_LIBRARY: "3" } };
  let libraryId: string;
  const create = async (): Promise<Response> =>
    await call("POST", "/api/albums", { ...capped, json: { name: crypto.randomUUID(), library_id: libraryId } });

  it("lets concurrent requests create exactly as many, without events of refused ones", async () => {
    libraryId = await createLibrary();
    expect(await statuses(Array.from({ length: 7 }, create))).toEqual([201, 201, 201, 409, 409, 409, 409]);
    expect(await (await create()).json()).toMatchObject({
      message: "a library can have at most 3 albums; delete one first",
    });
    const [events] = await sqlAll("SELECT count(*) AS rows FROM events WHERE event_type = 'album_created'");
    expect(events).toEqual({ rows: 3 });
    expect(await findInconsistencies()).toEqual({});
  });

  it("leaves room for another album as soon as one is deleted", async () => {
    const [album] = z.array(withId).parse(await sqlAll("SELECT id FROM albums LIMIT 1"));
    const asset = withId.parse(await (await upload(uniqueBytes(), { libraryId })).json());
    await call("POST", `/api/albums/${album?.id}/assets`, { json: { asset_ids: [asset.id] } });
    expect((await call("DELETE", `/api/albums/${album?.id}`)).status).toBe(200);
    expect(await statuses([create(), create()])).toEqual([201, 409]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("holds for each library alone", async () => {
    const other = await createLibrary();
    const response = await call("POST", "/api/albums", { ...capped, json: { name: "a", library_id: other } });
    expect(response.status).toBe(201);
  });
});

describe("many libraries and keys with the longest texts", () => {
  const COUNT = 450;
  const counted = countingD1(env.DB);
  let userId: string;

  async function readAll(path: string): Promise<unknown[]> {
    counted.reset();
    const response = await call("GET", path, { env: { DB: counted.binding } });
    expect(response.status).toBe(200);
    return z.array(z.unknown()).parse(await response.json());
  }

  it("are listed completely, in pages of the database", async () => {
    ({ userId } = await getRootOwner());
    await sqlAll("DELETE FROM libraries");
    const rows = Array.from({ length: COUNT }, (_, i) => ({
      id: newId("library", i),
      trashed: i % 3 === 0 ? i : null,
    }));
    await sqlAll(
      `INSERT INTO libraries (id, user_id, name, description, trashed_at, created_at, updated_at)
       SELECT value ->> 'id', ?2, ?3, ?4, value ->> 'trashed', 0, 0 FROM json_each(?1)`,
      JSON.stringify(rows),
      userId,
      "n".repeat(MAX_NAME_BYTES),
      "d".repeat(MAX_CAPTION_BYTES),
    );
    const ids = (libraries: typeof rows): string[] => libraries.map(({ id }) => id);
    const listed = async (state: string): Promise<string[]> =>
      z
        .array(withId)
        .parse(await readAll(`/api/libraries?state=${state}`))
        .map(({ id }) => id);
    expect(await listed("live")).toEqual(ids(rows.filter(({ trashed }) => trashed === null)).toSorted());
    expect(await listed("all")).toEqual(ids(rows).toSorted());
    expect(counted.counts.statements.filter(({ sql }) => /"description"/.test(sql))).toHaveLength(5);
    expect(await listed("trashed")).toEqual(ids(rows.filter(({ trashed }) => trashed !== null)).toReversed());
  });

  it.each(["/api/tasks", "/api/tasks?limit=1&status=failure"])("are no cost of GET %s", async (path) => {
    expect(await readAll(path)).toEqual([]);
    expect(counted.counts.resultCharacters).toBeLessThan(COUNT * 100);
  });

  it("are no cost of a request that names none", async () => {
    counted.reset();
    const response = await call("GET", "/api/albums", { env: { DB: counted.binding } });
    expect(response.status).toBe(400);
    expect(counted.counts.resultCharacters).toBeLessThan(2048);
  });

  it("are listed completely when they are keys", async () => {
    const libraries = Array.from({ length: 200 }, () => newId("library"));
    const keys = Array.from({ length: COUNT }, (_, i) => newId("apiKey", i));
    await sqlAll(
      `INSERT INTO api_keys (id, user_id, name, secret_hash, actions, library_ids, created_at)
       SELECT value, ?2, ?3, 'hash' || key, '["read"]', ?4, 0 FROM json_each(?1)`,
      JSON.stringify(keys),
      userId,
      "n".repeat(MAX_NAME_BYTES),
      JSON.stringify(libraries),
    );
    const listed = z.array(withId).parse(await readAll("/api/api-keys"));
    expect(listed.map(({ id }) => id)).toEqual(keys.toSorted().toReversed());
    expect(counted.counts.statements.filter(({ sql }) => /"secret_hash"/.test(sql))).toHaveLength(3);
  });
});
