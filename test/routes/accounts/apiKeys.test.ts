import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { hashSecret } from "../../../src/operations/accounts/authentication.ts";
import { call } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertKey, insertLibrary, insertTenant } from "../../support/clients/tenants.ts";

const PATH = "/api/api-keys/";
const EVERYTHING = { actions: ["read", "write", "delete", "delete_permanently"], library_scope_mode: "all_libraries" };

interface Key {
  id: string;
  name: string;
  is_active: boolean;
  api_key: string;
  selected_library_count: number | null;
}

let libraryId: string;
let userId: string;
beforeAll(async () => {
  ({ libraryId, userId } = await getRootOwner());
});

async function create(json: unknown): Promise<Key> {
  const response = await call("POST", PATH, { json });
  expect(response.status).toBe(201);
  return await response.json<Key>();
}

async function creationStatus(json: unknown): Promise<number> {
  return (await call("POST", PATH, { json })).status;
}

describe("POST /api/api-keys", () => {
  it("returns the secret once, activates the key immediately and stores only its hash", async () => {
    const key = await create({ name: "phone", ...EVERYTHING });
    expect(key).toEqual({
      id: expect.stringMatching(/^apikey_[2-9A-Za-z]{22}$/),
      name: "phone",
      is_active: true,
      created_at: expect.stringMatching(/Z$/),
      last_used_at: null,
      expires_at: null,
      ...EVERYTHING,
      selected_library_count: null,
      api_key: expect.stringMatching(/^apikey_[\w-]{43}$/),
    });
    expect((await call("GET", "/api/users/me", { token: key.api_key })).status).toBe(200);
    const listed = await (await call("GET", PATH)).text();
    expect(listed).toContain(key.id);
    expect(listed).not.toContain(key.api_key);
    const row = await env.DB.prepare("SELECT * FROM api_keys WHERE id = ?").bind(key.id).first();
    expect(row?.secret_hash).toBe(await hashSecret(key.api_key));
    expect(JSON.stringify(row)).not.toContain(key.api_key.slice("apikey_".length));
  });

  it("grants every action on every library if only a name is given, for older clients", async () => {
    expect(await create({ name: "old" })).toMatchObject({ name: "old", ...EVERYTHING });
  });

  it("counts selected libraries without duplicates", async () => {
    const second = await insertLibrary(userId, "second");
    const scope = { name: "k", actions: ["read"], library_scope_mode: "selected_libraries" };
    const key = await create({ ...scope, library_ids: [libraryId, second, libraryId] });
    expect(key).toMatchObject({
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      selected_library_count: 2,
    });
  });

  it("returns each action once", async () => {
    expect(await create({ ...EVERYTHING, name: "k", actions: ["read", "read", "write"] })).toMatchObject({
      actions: ["read", "write"],
    });
  });

  it("returns 422 without read, without any action or with an unknown action", async () => {
    for (const actions of [["write"], ["delete", "delete_permanently"], [], ["read", "fly"], "read", null]) {
      expect(await creationStatus({ ...EVERYTHING, name: "k", actions }), JSON.stringify(actions)).toBe(422);
    }
  });

  it("requires library_ids exactly when the scope is selected_libraries", async () => {
    const selected = { name: "k", actions: ["read"], library_scope_mode: "selected_libraries" };
    expect(await creationStatus(selected)).toBe(422);
    expect(await creationStatus({ ...selected, library_ids: null })).toBe(422);
    expect(await creationStatus({ ...selected, library_ids: [] })).toBe(422);
    expect(await creationStatus({ ...selected, library_ids: ["x"] })).toBe(422);
    expect(await creationStatus({ ...selected, library_ids: Array.from({ length: 201 }, () => libraryId) })).toBe(422);
    expect(await creationStatus({ ...selected, library_ids: Array.from({ length: 200 }, () => libraryId) })).toBe(201);
    expect(await creationStatus({ name: "k", ...EVERYTHING, library_ids: [libraryId] })).toBe(422);
    expect(await creationStatus({ name: "k", ...EVERYTHING, library_ids: null })).toBe(201);
    expect(await creationStatus({ name: "k", ...EVERYTHING, library_scope_mode: "some" })).toBe(422);
  });

  it("returns 404 for a library that is trashed or belongs to another account", async () => {
    const tenant = await insertTenant();
    const trashed = await insertLibrary(userId, "trashed");
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(trashed).run();
    for (const id of [tenant.libraryId, trashed, newId("library")]) {
      const json = {
        name: "k",
        actions: ["read"],
        library_scope_mode: "selected_libraries",
        library_ids: [libraryId, id],
      };
      expect(await creationStatus(json)).toBe(404);
    }
  });

  it("gives the key an expiry, which every list returns in UTC", async () => {
    const key = await create({ name: "k", ...EVERYTHING, expires_at: "2999-12-31T23:30:00.5+01:00" });
    expect(key).toMatchObject({ ...EVERYTHING, is_active: true, expires_at: "2999-12-31T22:30:00.500Z" });
    expect((await call("GET", "/api/users/me", { token: key.api_key })).status).toBe(200);
    const listed = await (await call("GET", PATH)).json<Key[]>();
    expect(listed.find(({ id }) => id === key.id)).toMatchObject({ expires_at: "2999-12-31T22:30:00.500Z" });
    expect(await create({ name: "k", ...EVERYTHING, expires_at: null })).toMatchObject({ expires_at: null });
  });

  it("creates a key that gets 401 from its expiry on", async () => {
    const expiresAtMs = Date.now() + 1500;
    const key = await create({ name: "k", ...EVERYTHING, expires_at: new Date(expiresAtMs).toISOString() });
    const status = async () => (await call("GET", "/api/users/me", { token: key.api_key })).status;
    expect(await status()).toBe(200);
    await scheduler.wait(expiresAtMs - Date.now() + 20);
    expect(await status()).toBe(401);
    const listed = await (await call("GET", PATH)).json<Key[]>();
    expect(listed.find(({ id }) => id === key.id)).toMatchObject({ is_active: true, actions: null });
  });

  it("returns 422 for an expiry in the past, without a UTC offset or that is no date", async () => {
    const past = new Date(Date.now() - 1000).toISOString();
    for (const expires_at of [past, "1970-01-01T00:00:00Z", "2999-01-01T00:00:00", "2999-01-01", "soon", "", 7, true])
      expect(await creationStatus({ name: "k", ...EVERYTHING, expires_at }), String(expires_at)).toBe(422);
  });

  it("requires a name", async () => {
    for (const name of [undefined, null, "", 7, "x".repeat(1025)])
      expect(await creationStatus({ ...EVERYTHING, name })).toBe(422);
  });
});

describe("an API key", () => {
  it("is listed newest first, renamed, revoked, and stays listed after revocation", async () => {
    const first = await create({ name: "first" });
    const second = await create({ name: "second" });
    const renamed = await call("PATCH", `${PATH}${first.id}`, { json: { name: "renamed" } });
    expect(await renamed.json()).toMatchObject({ id: first.id, name: "renamed", is_active: true });

    expect(await (await call("DELETE", `${PATH}${first.id}`)).json()).toEqual({});
    expect((await call("GET", "/api/users/me", { token: first.api_key })).status).toBe(401);
    expect((await call("GET", "/api/users/me", { token: second.api_key })).status).toBe(200);
    expect((await call("DELETE", `${PATH}${first.id}`)).status).toBe(200);

    const listed = await (await call("GET", "/api/api-keys")).json<Key[]>();
    expect(listed.slice(0, 2).map((key) => [key.name, key.is_active])).toEqual([
      ["second", true],
      ["renamed", false],
    ]);
    expect(listed[0]).not.toHaveProperty("api_key");
    expect(listed[0]).not.toHaveProperty("secret_hash");
  });

  it("keeps its actions when renamed", async () => {
    const key = await create({ name: "k", actions: ["read"], library_scope_mode: "all_libraries" });
    const response = await call("PATCH", `${PATH}${key.id}`, {
      json: { name: "k2", actions: ["read", "write"], is_active: false },
    });
    expect(await response.json()).toMatchObject({ name: "k2", actions: ["read"], is_active: true });
    expect((await call("PATCH", `${PATH}${key.id}`, { json: { name: null } })).status).toBe(422);
    expect((await call("PATCH", `${PATH}${key.id}`, { json: {} })).status).toBe(422);
  });

  it("returns null actions and scope after expiry, in lists and renames", async () => {
    const { id } = await insertKey({ userId, expiresAt: Date.now() - 1, libraryIds: [libraryId] });
    const none = { id, is_active: true, actions: null, library_scope_mode: null, selected_library_count: null };
    const listed = await (await call("GET", PATH)).json<Key[]>();
    expect(listed.find((key) => key.id === id)).toMatchObject(none);
    expect(await (await call("PATCH", `${PATH}${id}`, { json: { name: "old" } })).json()).toMatchObject(none);
    const { id: later } = await insertKey({ userId, expiresAt: Date.now() + 60_000, libraryIds: [libraryId] });
    const unexpired = (await (await call("GET", PATH)).json<Key[]>()).find((key) => key.id === later);
    expect(unexpired).toMatchObject({ library_scope_mode: "selected_libraries", selected_library_count: 1 });
  });

  it("returns 404 for an unknown key and 422 for a malformed id", async () => {
    for (const [id, status] of [
      [newId("apiKey"), 404],
      [(await insertTenant()).keyId, 404],
      ["apikey_short", 422],
      [newId("album"), 422],
    ] as const) {
      expect((await call("PATCH", `${PATH}${id}`, { json: { name: "k" } })).status).toBe(status);
      expect((await call("DELETE", `${PATH}${id}`)).status).toBe(status);
    }
  });

  it("returns 403 to every API key before it validates the request", async () => {
    const { secret, id } = await insertKey({ userId });
    for (const [method, path] of [
      ["GET", PATH],
      ["POST", PATH],
      ["PATCH", `${PATH}${id}`],
      ["DELETE", `${PATH}${id}`],
    ] as const) {
      expect(
        (await call(method, path, { token: secret, ...(method === "PATCH" ? { json: { wrong: 1 } } : {}) })).status,
        method,
      ).toBe(403);
    }
  });
});
