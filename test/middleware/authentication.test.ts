import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { call, ROOT_API_KEY } from "../support/clients/api.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertKey, insertLibrary, insertTenant, insertUser, newSecret } from "../support/clients/tenants.ts";
import {
  beginLookup,
  forgetPrincipal,
  MAX_REMEMBERED_PRINCIPALS,
  PRINCIPAL_MEMORY_MS,
} from "../../src/operations/accounts/knownPrincipals.ts";
import { ExpiringKeys } from "../../src/kernel/expiringMap.ts";

async function statusWith(headers: Record<string, string>): Promise<number> {
  return (await call("GET", "/api/users/me", { token: null, headers })).status;
}

async function statusOf(token: string): Promise<number> {
  return (await call("GET", "/api/users/me", { token })).status;
}

async function count(table: "users" | "libraries"): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")) ?? 0;
}

describe("the root key", () => {
  it("creates one user and one library on concurrent first uses", async () => {
    expect(await count("users")).toBe(0);
    const responses = await Promise.all(Array.from({ length: 5 }, () => call("GET", "/api/libraries")));
    for (const response of responses) {
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject([{ name: "Default Library", asset_count: 0 }]);
    }
    expect([await count("users"), await count("libraries")]).toEqual([1, 1]);
    expect((await call("GET", "/api/users/me")).status).toBe(200);
    expect([await count("users"), await count("libraries")]).toEqual([1, 1]);
  });
});

describe("a credential", () => {
  it("is accepted as a Bearer token in any case, or as x-api-key", async () => {
    for (const word of ["Bearer", "bearer", "BEARER", "Bearer  "]) {
      expect(await statusWith({ authorization: `${word} ${ROOT_API_KEY}` }), word).toBe(200);
    }
    expect(await statusWith({ "x-api-key": ROOT_API_KEY })).toBe(200);
  });

  it("is read from x-api-key beside an Authorization header of another scheme, which a proxy may need", async () => {
    for (const authorization of [`Basic ${btoa("user:password")}`, "Digest username=u", "Bearerish x", ""])
      expect(await statusWith({ authorization, "x-api-key": ROOT_API_KEY }), authorization).toBe(200);
    for (const authorization of ["Bearer", "Bearer wrong", `bearer ${ROOT_API_KEY} x`])
      expect(await statusWith({ authorization, "x-api-key": ROOT_API_KEY }), authorization).toBe(401);
    expect(await statusWith({ authorization: `Basic ${btoa("u:p")}`, "x-api-key": "apikey_wrong" })).toBe(401);
  });

  it("returns 401 in any other form", async () => {
    for (const authorization of [
      ROOT_API_KEY,
      "",
      "Bearer",
      "Bearer ",
      `Basic ${btoa(`user:${ROOT_API_KEY}`)}`,
      `Bearer ${ROOT_API_KEY} x`,
      `Token ${ROOT_API_KEY}`,
      "🙃",
    ]) {
      expect(await statusWith({ authorization: encodeURI(authorization) }), authorization).toBe(401);
    }
    for (const key of [
      "",
      "apikey_",
      ROOT_API_KEY.slice(0, -1),
      `${ROOT_API_KEY}x`,
      ROOT_API_KEY.toUpperCase(),
      "' OR 1=1 --",
    ]) {
      expect(await statusWith({ "x-api-key": key }), key).toBe(401);
    }
  });

  it("of another form is rejected without a database query", async () => {
    const counted = countingD1(env.DB);
    const response = await call("GET", "/api/users/me", {
      token: "eyJhbGciOi.of.someone",
      env: { DB: counted.binding },
    });
    expect(response.status).toBe(401);
    expect(counted.counts.roundTrips).toBe(0);
  });
});

describe("an API key", () => {
  let userId: string;
  beforeAll(async () => {
    userId = (await getRootOwner()).userId;
  });

  it("reads what its user owns", async () => {
    const { secret } = await insertKey({ userId });
    const me = await (await call("GET", "/api/users/me", { token: secret })).json<{ id: string }>();
    expect(me.id).toBe(userId);
  });

  it("returns 401 when it is revoked, expired, or of an inactive user", async () => {
    const tenant = await insertTenant();
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(tenant.userId).run();
    expect(await statusOf(tenant.secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, isActive: false })).secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, expiresAt: Date.now() - 1 })).secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, expiresAt: Date.now() + 60_000 })).secret)).toBe(200);
    expect(await statusOf((await insertKey({ userId: "intuser_2222222222222222222222" })).secret)).toBe(401);
  });

  it("records its last use, at most once per minute", async () => {
    const { id, secret } = await insertKey({ userId });
    const lastUsed = async () =>
      await env.DB.prepare("SELECT last_used_at AS t FROM api_keys WHERE id = ?").bind(id).first<number>("t");
    expect(await lastUsed()).toBeNull();
    const before = Date.now();
    expect(await statusOf(secret)).toBe(200);
    const first = await lastUsed();
    expect(first).toBeGreaterThanOrEqual(before);
    await scheduler.wait(3);
    expect(await statusOf(secret)).toBe(200);
    expect(await lastUsed()).toBe(first);
    await env.DB.prepare("UPDATE api_keys SET last_used_at = ? WHERE id = ?")
      .bind(before - 61_000, id)
      .run();
    forgetPrincipal(id);
    expect(await statusOf(secret)).toBe(200);
    expect(await lastUsed()).toBeGreaterThanOrEqual(before);
  });

  it("without actions returns 403 for a read", async () => {
    expect(await statusOf((await insertKey({ userId, actions: [] })).secret)).toBe(403);
  });

  it("for one library defaults to it, although its owner has several", async () => {
    const owner = await insertUser();
    const [first, second] = [await insertLibrary(owner, "first"), await insertLibrary(owner, "second")];
    const everywhere = await insertKey({ userId: owner });
    expect((await call("GET", "/api/assets", { token: everywhere.secret })).status).toBe(400);
    const confined = await insertKey({ userId: owner, libraryIds: [second] });
    expect((await call("GET", "/api/assets", { token: confined.secret })).status).toBe(200);
    const listed = await (await call("GET", "/api/libraries", { token: confined.secret })).json<{ id: string }[]>();
    expect(listed.map((library) => library.id)).toEqual([second]);
    expect((await call("GET", `/api/libraries/${first}`, { token: confined.secret })).status).toBe(404);
    expect((await call("POST", "/api/libraries", { token: confined.secret, json: { name: "third" } })).status).toBe(
      403,
    );
    const album = await (
      await call("POST", "/api/albums", { token: confined.secret, json: {} })
    ).json<{ id: string }>();
    expect(
      await (await call("GET", `/api/albums?library_id=${second}`, { token: everywhere.secret })).json(),
    ).toMatchObject({
      data: [{ id: album.id }],
    });
    expect((await call("POST", "/api/albums", { token: confined.secret, json: { library_id: first } })).status).toBe(
      404,
    );
  });
});

describe("a credential that the isolate knows", () => {
  const NOW_MS = Date.parse("2026-05-06T07:08:09Z");
  let userId: string;
  beforeAll(async () => {
    userId = (await getRootOwner()).userId;
  });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Revokes in the database alone, as another isolate does. */
  async function revokeElsewhere(id: string): Promise<void> {
    await env.DB.prepare("UPDATE api_keys SET is_active = 0 WHERE id = ?").bind(id).run();
  }

  async function change(token: string): Promise<number> {
    return (await call("POST", "/api/albums", { token, json: { name: crypto.randomUUID() } })).status;
  }

  it("reads without a query of its own for 30 seconds", async () => {
    const { secret } = await insertKey({ userId, lastUsedAt: NOW_MS });
    const { binding, counts } = countingD1(env.DB);
    const read = async () => (await call("GET", "/api/users/me", { token: secret, env: { DB: binding } })).status;
    expect([await read(), counts.roundTrips]).toEqual([200, 2]);
    expect([await read(), counts.roundTrips]).toEqual([200, 3]);
    vi.setSystemTime(NOW_MS + PRINCIPAL_MEMORY_MS - 1);
    expect([await read(), counts.roundTrips]).toEqual([200, 4]);
    vi.setSystemTime(NOW_MS + PRINCIPAL_MEMORY_MS);
    expect([await read(), counts.roundTrips]).toEqual([200, 6]);
  });

  it("reads for at most 30 seconds after it was revoked in another isolate, and changes nothing", async () => {
    const { id, secret } = await insertKey({ userId });
    expect([await statusOf(secret), await change(secret)]).toEqual([200, 201]);
    await revokeElsewhere(id);
    expect([await statusOf(secret), await change(secret)]).toEqual([200, 401]);
    vi.setSystemTime(NOW_MS + PRINCIPAL_MEMORY_MS);
    expect([await statusOf(secret), await change(secret)]).toEqual([401, 401]);
  });

  it("ends at once when this isolate revokes it, also during a lookup", async () => {
    const { id, secret } = await insertKey({ userId });
    expect(await statusOf(secret)).toBe(200);
    expect((await call("DELETE", `/api/api-keys/${id}`)).status).toBe(200);
    expect(await statusOf(secret)).toBe(401);

    const other = await insertKey({ userId, lastUsedAt: NOW_MS });
    const revokesAfterLookup = countingD1(env.DB, {
      afterBatch: ([sql]) => {
        if (sql?.includes("secret_hash") === true) forgetPrincipal(other.id);
      },
    }).binding;
    await call("GET", "/api/users/me", { token: other.secret, env: { DB: revokesAfterLookup } });
    await revokeElsewhere(other.id);
    expect(await statusOf(other.secret)).toBe(401);
  });

  it("ends with its expiry", async () => {
    const { secret } = await insertKey({ userId, expiresAt: NOW_MS + 1000 });
    expect(await statusOf(secret)).toBe(200);
    vi.setSystemTime(NOW_MS + 1000);
    expect(await statusOf(secret)).toBe(401);
  });

  it("loses the memory of the oldest one when there are too many", async () => {
    const { id, secret } = await insertKey({ userId });
    expect(await statusOf(secret)).toBe(200);
    const principal = {
      userId,
      libraryIds: null,
      actions: [],
      isSession: false,
      isOwner: false,
      credentialId: "apikey_other",
    };
    for (let i = 0; i < MAX_REMEMBERED_PRINCIPALS; i++) beginLookup()(`hash ${i}`, principal, Infinity);
    await revokeElsewhere(id);
    expect(await statusOf(secret)).toBe(401);
    forgetPrincipal("apikey_other");
  });
});

describe("a database session", () => {
  /** Constraints of the sessions that were opened while `ask` ran. */
  async function constraintsOf(ask: (DB: D1Database) => Promise<Response>) {
    const constraints: unknown[] = [];
    const spy = new Proxy(env.DB, {
      get(target, property) {
        if (property === "withSession") {
          return (constraint?: string) => {
            constraints.push(constraint);
            return target.withSession(constraint);
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return { response: await ask(spy), constraints };
  }

  it("reads from the nearest replica and writes at the primary", async () => {
    const read = await constraintsOf((DB) => call("GET", "/api/albums", { env: { DB } }));
    expect(read.constraints).toEqual(["first-unconstrained"]);
    const change = await constraintsOf((DB) =>
      call("POST", "/api/albums", { json: { name: "at the primary" }, env: { DB } }),
    );
    expect(change.response.status).toBe(201);
    expect(change.constraints).toEqual(["first-primary"]);
  });

  it("returns a bookmark with every response and starts from the one that is sent", async () => {
    const created = await call("POST", "/api/albums", { json: { name: "just now" } });
    const bookmark = created.headers.get("x-d1-bookmark") ?? "";
    expect(bookmark).toMatch(/^[\da-f-]{50,}$/);
    const headers = { "x-d1-bookmark": bookmark };
    const { response, constraints } = await constraintsOf((DB) => call("GET", "/api/albums", { headers, env: { DB } }));
    expect(constraints).toEqual([bookmark]);
    expect(await response.json()).toMatchObject({
      data: expect.arrayContaining([expect.objectContaining({ name: "just now" })]),
    });
    expect(response.headers.get("x-d1-bookmark")).toMatch(/^[\da-f-]{50,}$/);
  });

  it("returns 400 for a malformed bookmark", async () => {
    for (const bookmark of ["first-primary", "x", "00000000-00000000-00000000", "' OR 1=1", "first-unconstrained"]) {
      const { response, constraints } = await constraintsOf((DB) =>
        call("GET", "/api/albums", { headers: { "x-d1-bookmark": bookmark }, env: { DB } }),
      );
      expect(response.status, bookmark).toBe(400);
      expect(constraints).toEqual([]);
    }
  });

  it("checks the primary before it rejects a key that is missing on a replica", async () => {
    const { constraints, response } = await constraintsOf((DB) =>
      call("GET", "/api/albums", { token: newSecret(), env: { DB } }),
    );
    expect(response.status).toBe(401);
    expect(constraints).toEqual(["first-unconstrained", "first-primary"]);
  });

  describe("without a lookup", () => {
    const queries = async (token: string): Promise<{ status: number; roundTrips: number }> => {
      const { binding, counts } = countingD1(env.DB);
      const { status } = await call("GET", "/api/users/me", { token, env: { DB: binding } });
      return { status, roundTrips: counts.roundTrips };
    };

    it("rejects a malformed key", async () => {
      const valid = newSecret();
      for (const token of ["x", "apikey_", "apikey_short", `${valid}A`, valid.slice(0, -1), `${valid.slice(0, -1)}!`]) {
        expect(await queries(token), token).toEqual({ status: 401, roundTrips: 0 });
      }
    });

    it("rejects a key that was unknown within the last minute", async () => {
      const secret = newSecret();
      expect(await queries(secret)).toEqual({ status: 401, roundTrips: 2 });
      expect(await queries(secret)).toEqual({ status: 401, roundTrips: 0 });
    });

    it("never rejects a known key: a revoked key is looked up again", async () => {
      const { id, secret } = await insertKey({ userId: (await getRootOwner()).userId, isActive: false });
      expect((await queries(secret)).status).toBe(401);
      await env.DB.prepare("UPDATE api_keys SET is_active = 1 WHERE id = ?").bind(id).run();
      expect((await queries(secret)).status).toBe(200);
    });

    it("forgets unknown keys after a minute, and the oldest ones when there are too many", () => {
      const memory = new ExpiringKeys(2);
      memory.add("a", 100);
      expect([memory.has("a", 99), memory.has("a", 100)]).toEqual([true, false]);
      memory.add("b", 100);
      memory.add("c", 100);
      expect(["a", "b", "c"].map((key) => memory.has(key, 0))).toEqual([false, true, true]);
    });
  });
});
