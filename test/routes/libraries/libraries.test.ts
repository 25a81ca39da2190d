import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, upload, type CallOptions } from "../../support/clients/api.ts";
import { insertAssets, insertKey, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

interface Library {
  id: string;
  name: string;
  description: string | null;
  asset_count: number;
  storage_used_bytes: number;
  created_at: string;
  updated_at: string;
}

async function trash(id: string, at = Date.now()): Promise<void> {
  await env.DB.prepare("UPDATE libraries SET trashed_at = ? WHERE id = ?").bind(at, id).run();
}

describe("libraries", () => {
  it("are created with a name and an optional description", async () => {
    const { userId } = await getRootOwner();
    const response = await call("POST", "/api/libraries", { json: { name: "Family", description: "since 1999" } });
    expect(response.status).toBe(201);
    const library = await response.json<Library>();
    expect(library).toEqual({
      id: expect.stringMatching(/^lib_[2-9A-Za-z]{22}$/),
      name: "Family",
      description: "since 1999",
      user_id: userId,
      owner: { id: userId, display_name: null },
      role: "owner",
      asset_count: 0,
      storage_used_bytes: 0,
      storage_limit_bytes: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: library.created_at,
    });
    expect(await (await call("GET", `/api/libraries/${library.id}`)).json()).toEqual(library);
    for (const json of [{}, { name: null }, { name: "" }, { name: 7 }, { description: "nameless" }]) {
      expect((await call("POST", "/api/libraries", { json })).status, JSON.stringify(json)).toBe(422);
    }
  });

  it("are renamed and described; an empty description clears it, and null changes nothing", async () => {
    const { libraryId } = await getRootOwner();
    const patch = async (json: unknown) => await call("PATCH", `/api/libraries/${libraryId}`, { json });
    expect(await (await patch({ name: "Home", description: "all" })).json()).toMatchObject({
      name: "Home",
      description: "all",
    });
    const unchanged = { name: "Home", description: "all" };
    for (const json of [{}, { name: null }, { description: null }]) {
      expect(await (await patch(json)).json(), JSON.stringify(json)).toMatchObject(unchanged);
    }
    expect(await (await patch({ description: "" })).json()).toMatchObject({ name: "Home", description: null });
    for (const json of [{ name: "" }, { name: " " }, { name: ["x"] }, { description: 1 }]) {
      expect((await patch(json)).status, JSON.stringify(json)).toBe(422);
    }
    expect(await (await call("GET", `/api/libraries/${libraryId}`)).json()).toMatchObject({ name: "Home" });
  });

  it("are listed as a bare array: live, trashed (newest first) or all", async () => {
    const userId = await insertUser();
    const { secret } = await insertKey({ userId });
    const ids = [await insertLibrary(userId), await insertLibrary(userId), await insertLibrary(userId)];
    await trash(ids[0] ?? "", 2000);
    await trash(ids[1] ?? "", 3000);
    const list = async (query: string) =>
      (await (await call("GET", `/api/libraries${query}`, { token: secret })).json<Library[]>()).map(
        (library) => library.id,
      );
    expect(await list("")).toEqual([ids[2]]);
    expect(await list("?state=live")).toEqual([ids[2]]);
    expect(await list("?state=trashed")).toEqual([ids[1], ids[0]]);
    expect((await list("?state=all")).toSorted()).toEqual(ids.toSorted());
    expect((await call("GET", "/api/libraries?state=gone", { token: secret })).status).toBe(422);
    const trashed = await call("GET", `/api/libraries/${ids[0]}`, { token: secret });
    expect(trashed.status).toBe(200);
    expect(await trashed.json()).not.toHaveProperty("trashed_at");
  });

  it("count the assets uploaded to them", async () => {
    const { id } = await (await call("POST", "/api/libraries", { json: { name: "counted" } })).json<Library>();
    const bytes = uniqueBytes(64);
    for (let i = 0; i < 2; i++) await upload(bytes, { libraryId: id });
    await upload(uniqueBytes(100), { libraryId: id });
    const library = await (await call("GET", `/api/libraries/${id}`)).json<Library>();
    expect(library).toMatchObject({ asset_count: 2, storage_used_bytes: 164 });
  });
});

describe("a request without library_id", () => {
  const routes = [
    ["GET", "/api/assets"],
    ["GET", "/api/albums"],
    ["POST", "/api/albums"],
  ] as const;
  let userId: string;
  let token: string;
  beforeAll(async () => {
    userId = await insertUser();
    token = (await insertKey({ userId })).secret;
  });

  const statuses = async (id?: string) =>
    await Promise.all(
      routes.map(async ([method, path]) => {
        const name = crypto.randomUUID();
        const json = id === undefined ? { name } : { name, library_id: id };
        const options = method === "POST" ? { token, json } : { token };
        return (await call(method, method === "GET" && id !== undefined ? `${path}?library_id=${id}` : path, options))
          .status;
      }),
    );

  it("uses the only live library; none or several return 400, an unknown or trashed one 404", async () => {
    expect(await statuses()).toEqual([400, 400, 400]);
    const first = await insertLibrary(userId);
    expect(await statuses()).toEqual([200, 200, 201]);
    const second = await insertLibrary(userId);
    expect(await statuses()).toEqual([400, 400, 400]);
    expect(await statuses(second)).toEqual([200, 200, 201]);
    await trash(second);
    expect(await statuses()).toEqual([200, 200, 201]);
    expect(await statuses(second)).toEqual([404, 404, 404]);
    expect(await statuses(newId("library"))).toEqual([404, 404, 404]);
    expect(await statuses("lib_short")).toEqual([422, 422, 422]);
    expect(await statuses(first)).toEqual([200, 200, 201]);
  });

  it("creates a library on upload if there is none", async () => {
    const owner = await insertUser();
    const { secret } = await insertKey({ userId: owner });
    expect((await upload(uniqueBytes(), { token: secret })).status).toBe(201);
    const libraries = await (await call("GET", "/api/libraries", { token: secret })).json<Library[]>();
    expect(libraries).toMatchObject([{ name: "Default Library", asset_count: 1 }]);
    await insertLibrary(owner);
    expect((await upload(uniqueBytes(), { token: secret })).status).toBe(400);
  });
});

describe("a trashed library", () => {
  let token: string;
  let userId: string;
  beforeAll(async () => {
    userId = await insertUser();
    token = (await insertKey({ userId })).secret;
  });

  const send = async (method: string, path: string, options: CallOptions = {}) =>
    await call(method, `/api/libraries${path}`, { token, ...options });
  const idsOf = async (state: string) =>
    (await (await send("GET", `?state=${state}`)).json<Library[]>()).map((library) => library.id);
  const rowOf = async (id: string) => (await sqlAll("SELECT * FROM libraries WHERE id = ?", id))[0] ?? {};

  it("is not live until restored, and is acknowledged with an empty object", async () => {
    const [first, second] = [await insertLibrary(userId), await insertLibrary(userId)];
    await insertAssets({ userId, libraryId: second }, [{}]);
    for (const end of ["trash", "trash"]) {
      const response = await send("POST", `/${second}/${end}`);
      expect([response.status, await response.text()]).toEqual([200, "{}"]);
    }
    expect([await idsOf("live"), await idsOf("trashed")]).toEqual([[first], [second]]);
    expect((await idsOf("all")).toSorted()).toEqual([first, second].toSorted());
    expect(await (await send("GET", `/${second}`)).json()).toMatchObject({ id: second, asset_count: 1 });
    expect((await call("GET", "/api/assets", { token })).status).toBe(200);
    expect((await upload(uniqueBytes(), { token, libraryId: second })).status).toBe(404);
    expect((await call("GET", `/api/assets?library_id=${second}`, { token })).status).toBe(404);

    const restored = await send("POST", `/${second}/restore`);
    expect(restored.status).toBe(200);
    expect(await restored.json()).toMatchObject({ id: second, asset_count: 1 });
    expect((await idsOf("live")).toSorted()).toEqual([first, second].toSorted());
    const page = await call("GET", `/api/assets?include=&library_id=${second}`, { token });
    expect((await page.json<{ data: unknown[] }>()).data).toHaveLength(1);
  });

  it("can be trashed and restored repeatedly", async () => {
    const id = await insertLibrary(userId);
    await send("POST", `/${id}/trash`);
    const trashed = await rowOf(id);
    expect(Number(trashed.purge_at)).toBe(Number(trashed.trashed_at) + 90 * 24 * 3600_000);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await send("POST", `/${id}/trash`);
    expect(await rowOf(id)).toEqual(trashed);
    await send("POST", `/${id}/restore`);
    const restored = await rowOf(id);
    expect([restored.trashed_at, restored.purge_at]).toEqual([null, null]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect((await send("POST", `/${id}/restore`)).status).toBe(200);
    expect(await rowOf(id)).toEqual(restored);
  });

  it("accepts a retention period beyond the range of dates", async () => {
    for (const [days, purgeAt] of [
      ["7", (trashedAt: number) => trashedAt + 7 * 24 * 3600_000],
      ["0", (trashedAt: number) => trashedAt],
      ["999999999999999", () => Number.MAX_SAFE_INTEGER],
    ] as const) {
      const id = await insertLibrary(userId);
      expect((await send("POST", `/${id}/trash`, { env: { TRASH_RETENTION_DAYS: days } })).status).toBe(200);
      const row = await rowOf(id);
      expect(row.purge_at).toBe(purgeAt(Number(row.trashed_at)));
    }
  });

  it("can be deleted; deleting a live one returns a permanent 409", async () => {
    const id = await insertLibrary(userId);
    const refused = await send("DELETE", `/${id}`);
    expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([409, "false"]);
    expect(await rowOf(id)).toMatchObject({ trashed_at: null, purge_at: null });
    await send("POST", `/${id}/trash`);
    const deleted = await send("DELETE", `/${id}`);
    expect([deleted.status, await deleted.text()]).toEqual([200, "{}"]);
    const due = await rowOf(id);
    expect(Number(due.purge_at)).toBeLessThanOrEqual(Date.now());
    expect((await send("DELETE", `/${id}`)).status).toBe(200);
    expect(await rowOf(id)).toEqual(due);
    expect((await send("GET", `/${id}`)).status).toBe(200);
    expect((await send("POST", `/${id}/restore`)).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ trashed_at: null, purge_at: null });
  });

  it("requires its owner, or a key with the action and the library in its scope", async () => {
    const [own, other] = [await insertLibrary(userId), await insertLibrary(userId)];
    const foreign = await insertLibrary(await insertUser());
    const { secret } = await insertKey({ userId, actions: ["read", "delete"], libraryIds: [own] });
    for (const [method, end] of [
      ["POST", "/trash"],
      ["POST", "/restore"],
      ["DELETE", ""],
    ] as const) {
      for (const id of [foreign, newId("library")]) expect((await send(method, `/${id}${end}`)).status).toBe(404);
      expect((await send(method, `/x${end}`)).status).toBe(422);
      const status = method === "DELETE" ? 403 : 404;
      expect((await send(method, `/${other}${end}`, { token: secret })).status).toBe(status);
    }
    expect((await send("POST", `/${own}/trash`, { token: secret })).status).toBe(200);
    expect((await send("DELETE", `/${own}`, { token: secret })).status).toBe(403);
    expect(await rowOf(foreign)).toMatchObject({ trashed_at: null });
  });
});

describe("the storage limit of a new library", () => {
  const bindings = { env: { DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES: "100" } };

  it("is the configured limit, and uploads beyond it return 507", async () => {
    const { secret: token } = await insertKey({ userId: await insertUser() });
    const created = await call("POST", "/api/libraries", { token, json: { name: "capped" }, ...bindings });
    const { id: libraryId } = await created.clone().json<Library>();
    expect(await created.json()).toMatchObject({ storage_limit_bytes: 100 });
    expect((await upload(uniqueBytes(99), { token, libraryId })).status).toBe(201);
    expect((await upload(uniqueBytes(40), { token, libraryId })).status).toBe(201);
    const refused = await upload(uniqueBytes(1), { token, libraryId });
    expect(refused.status).toBe(507);
    expect(await refused.json()).toMatchObject({ detail: "Library storage limit exceeded" });
    const { data } = await (await call("GET", "/api/assets?include=", { token })).json<{ data: Library[] }>();
    await call("DELETE", `/api/assets/${data[0]?.id}`, { token });
    expect((await upload(uniqueBytes(1), { token, libraryId })).status).toBe(201);
  });

  it("also applies to a library created by the first upload, and is null if not configured", async () => {
    for (const [options, limit] of [
      [bindings, 100],
      [{}, null],
    ] as const) {
      const { secret: token } = await insertKey({ userId: await insertUser() });
      expect((await upload(uniqueBytes(), { token, ...options })).status).toBe(201);
      const libraries = await (await call("GET", "/api/libraries", { token })).json<Library[]>();
      expect(libraries).toMatchObject([{ storage_limit_bytes: limit }]);
    }
  });
});
