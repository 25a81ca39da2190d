import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { call, ROOT } from "../support/clients/api.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { insertKey, insertLibrary, insertTenant, insertUser, rootOwner } from "../support/clients/tenants.ts";

async function statusWith(headers: Record<string, string>): Promise<number> {
  return (await call("GET", "/api/users/me", { token: null, headers })).status;
}

async function statusOf(token: string): Promise<number> {
  return (await call("GET", "/api/users/me", { token })).status;
}

async function count(table: "users" | "libraries"): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")) ?? 0;
}

describe("the owner's root key", () => {
  it("makes one user and one library at its first use, however many first uses come at once", async () => {
    expect(await count("users")).toBe(0);
    const answers = await Promise.all(Array.from({ length: 5 }, () => call("GET", "/api/libraries")));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject([{ name: "Default Library", asset_count: 0 }]);
    }
    expect([await count("users"), await count("libraries")]).toEqual([1, 1]);
    expect((await call("GET", "/api/users/me")).status).toBe(200);
    expect([await count("users"), await count("libraries")]).toEqual([1, 1]);
  });
});

describe("a credential", () => {
  it("is a Bearer token, however the word is written, or an x-api-key", async () => {
    for (const word of ["Bearer", "bearer", "BEARER", "Bearer  "]) {
      expect(await statusWith({ authorization: `${word} ${ROOT}` }), word).toBe(200);
    }
    expect(await statusWith({ "x-api-key": ROOT })).toBe(200);
  });

  it("in any other form opens nothing", async () => {
    for (const authorization of [
      ROOT,
      "",
      "Bearer",
      "Bearer ",
      `Basic ${btoa(`user:${ROOT}`)}`,
      `Bearer ${ROOT} x`,
      `Token ${ROOT}`,
      "🙃",
    ]) {
      expect(await statusWith({ authorization: encodeURI(authorization) }), authorization).toBe(401);
    }
    for (const key of ["", "apikey_", ROOT.slice(0, -1), `${ROOT}x`, ROOT.toUpperCase(), "' OR 1=1 --"]) {
      expect(await statusWith({ "x-api-key": key }), key).toBe(401);
    }
  });

  it("that is not of ours costs no question to the database", async () => {
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
    userId = (await rootOwner()).userId;
  });

  it("opens what its user owns", async () => {
    const { secret } = await insertKey({ userId });
    const me = await (await call("GET", "/api/users/me", { token: secret })).json<{ id: string }>();
    expect(me.id).toBe(userId);
  });

  it("that is revoked, expired, or of a user who is no longer active is 401", async () => {
    const tenant = await insertTenant();
    expect(await statusOf(tenant.secret)).toBe(200);
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(tenant.userId).run();
    expect(await statusOf(tenant.secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, isActive: false })).secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, expiresAt: Date.now() - 1 })).secret)).toBe(401);
    expect(await statusOf((await insertKey({ userId, expiresAt: Date.now() + 60_000 })).secret)).toBe(200);
    expect(await statusOf((await insertKey({ userId: "intuser_2222222222222222222222" })).secret)).toBe(401);
  });

  it("remembers when it was used, at most once a minute", async () => {
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
    expect(await statusOf(secret)).toBe(200);
    expect(await lastUsed()).toBeGreaterThanOrEqual(before);
  });

  it("with no action at all may not even read", async () => {
    expect(await statusOf((await insertKey({ userId, actions: [] })).secret)).toBe(403);
  });

  it("for one library works in it without naming it, though its owner has several", async () => {
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

describe("a database session", () => {
  /** The constraints that sessions were opened with while `ask` ran. */
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

  it("reads from the nearest replica, and changes at the primary", async () => {
    const read = await constraintsOf((DB) => call("GET", "/api/albums", { env: { DB } }));
    expect(read.constraints).toEqual(["first-unconstrained"]);
    const change = await constraintsOf((DB) => call("POST", "/api/albums", { json: {}, env: { DB } }));
    expect(change.response.status).toBe(201);
    expect(change.constraints).toEqual(["first-primary"]);
  });

  it("gives a bookmark with every answer, and begins at the one that comes back", async () => {
    const created = await call("POST", "/api/albums", { json: { name: "just now" } });
    const bookmark = created.headers.get("x-d1-bookmark") ?? "";
    expect(bookmark).toMatch(/^[\da-f-]{50,}$/);
    const headers = { "x-d1-bookmark": bookmark };
    const { response, constraints } = await constraintsOf((DB) => call("GET", "/api/albums", { headers, env: { DB } }));
    expect(constraints).toEqual([bookmark]);
    expect(await response.json()).toMatchObject({ data: [{ name: "just now" }, {}] });
    expect(response.headers.get("x-d1-bookmark")).toMatch(/^[\da-f-]{50,}$/);
  });

  it("is not opened with a bookmark of someone's own making: 400", async () => {
    for (const bookmark of ["first-primary", "x", "00000000-00000000-00000000", "' OR 1=1", "first-unconstrained"]) {
      const { response, constraints } = await constraintsOf((DB) =>
        call("GET", "/api/albums", { headers: { "x-d1-bookmark": bookmark }, env: { DB } }),
      );
      expect(response.status, bookmark).toBe(400);
      expect(constraints).toEqual([]);
    }
  });

  it("asks the primary before it refuses a key that a replica does not know yet", async () => {
    const { constraints, response } = await constraintsOf((DB) =>
      call("GET", "/api/albums", { token: "apikey_unknown", env: { DB } }),
    );
    expect(response.status).toBe(401);
    expect(constraints).toEqual(["first-unconstrained", "first-primary"]);
  });
});
