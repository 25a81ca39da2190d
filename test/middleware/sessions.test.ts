import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import {
  ACCESS_TOKEN_LIFETIME_MS,
  ACCESS_TOKEN_RENEWAL_MS,
  MAX_ACCESS_TOKEN_CHARACTERS,
  signAccessToken,
} from "../../src/operations/accounts/sessions/accessTokens.ts";
import { forgetPrincipal, forgetUser, PRINCIPAL_MEMORY_MS } from "../../src/operations/accounts/knownPrincipals.ts";
import { SUPERSEDED_TOKEN_GRACE_MS } from "../../src/operations/accounts/sessions/sessionAuthentication.ts";
import { MAX_SESSION_MS, SESSION_IDLE_MS } from "../../src/records/accounts/sessions.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { claimsOf, forgeToken, signIn } from "../support/clients/sessions.ts";
import { testContext } from "../support/context.ts";
import { insertKey, insertLibrary, insertTenant, insertUser } from "../support/clients/tenants.ts";

const NOW_MS = Date.parse("2026-05-06T07:08:09.500Z");
const DAY_MS = 24 * 3600_000;

let userId: string;
beforeAll(async () => {
  await getRootOwner();
  userId = await insertUser();
  await insertLibrary(userId);
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

async function read(token: string): Promise<Response> {
  return await call("GET", "/api/users/me", { token });
}

async function change(token: string): Promise<Response> {
  return await call("POST", "/api/albums", { token, json: { name: newId("album") } });
}

async function statuses(token: string): Promise<number[]> {
  return [(await read(token)).status, (await change(token)).status];
}

async function rowOf(sessionId: string): Promise<Record<string, unknown> | undefined> {
  return (await sqlAll("SELECT * FROM sessions WHERE id = ?", sessionId))[0];
}

describe("an access token", () => {
  it("is a JWT of HS256 for a quarter of an hour, and authenticates its user with every action", async () => {
    const { token, sessionId } = await signIn(userId);
    const issuedAt = Math.floor(NOW_MS / 1000);
    expect(claimsOf(token)).toEqual({
      sub: userId,
      sid: sessionId,
      iss: "tintype",
      aud: "tintype-api",
      iat: issuedAt,
      exp: issuedAt + 900,
    });
    expect(sessionId).toMatch(/^session_/);
    expect(token.length).toBeLessThan(MAX_ACCESS_TOKEN_CHARACTERS / 2);
    const me = await read(token);
    expect(await me.json()).toMatchObject({ id: userId });
    expect(me.headers.get("x-new-access-token")).toBeNull();
    expect((await change(token)).status).toBe(201);
    expect((await call("GET", "/api/users/me", { token: null, headers: { "x-api-key": token } })).status).toBe(200);
  });

  it("returns 401 when anybody else signed it, or it was altered", async () => {
    const { token, sessionId } = await signIn(userId);
    const other = await signIn(await insertUser());
    const claims = claimsOf(token);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const none = btoa(JSON.stringify({ alg: "none", typ: "JWT" })).replaceAll("=", "");
    const forged = {
      "alg none, without a signature": `${none}.${payload}.`,
      "alg none, with a signature": `${none}.${payload}.${signature}`,
      "alg none, signed": await forgeToken(claims, { header: { alg: "none" } }),
      "alg HS512": await forgeToken(claims, { header: { alg: "HS512" } }),
      "alg RS256": await forgeToken(claims, { header: { alg: "RS256" } }),
      "another secret": await forgeToken(claims, { secret: "another secret 0123456789abcdef0123456789abcdef" }),
      "a key for another purpose": await forgeToken(claims, { purpose: "sign-in nonce" }),
      "the signature of another token": `${header}.${payload}.${other.token.split(".")[2]}`,
      "the payload of another token": `${header}.${other.token.split(".")[1]}.${signature}`,
      "another issuer": await forgeToken({ ...claims, iss: "https://example.com" }),
      "another audience": await forgeToken({ ...claims, aud: "other" }),
      "the session of another user": await forgeToken({ ...claims, sid: other.sessionId }),
      "another user": await forgeToken({ ...claims, sub: await insertUser() }),
      "an unknown session": await forgeToken({ ...claims, sid: newId("session") }),
      "no session": await forgeToken({ ...claims, sid: undefined }),
      "no expiry": await forgeToken({ ...claims, exp: undefined }),
      "no time of issue": await forgeToken({ ...claims, iat: undefined }),
      "numbers as text": await forgeToken({ ...claims, exp: String(claims["exp"]) }),
      "a critical header": await forgeToken(claims, { header: { alg: "HS256", crit: ["x"], x: true } }),
      "a long claim": await forgeToken({ ...claims, pad: "x".repeat(MAX_ACCESS_TOKEN_CHARACTERS) }),
    };
    const accepted: string[] = [];
    for (const [name, forgery] of Object.entries(forged)) {
      if ((await read(forgery)).status !== 401 || (await change(forgery)).status !== 401) accepted.push(name);
    }
    expect(accepted).toEqual([]);
    // The forging itself works: the same claims give a valid token.
    expect((await read(await forgeToken(claims))).status).toBe(200);
    expect(await rowOf(sessionId)).toMatchObject({ ended_at: null });
  });

  it("costs no query unless this deployment signed it, and counts as a failed attempt", async () => {
    const { token } = await signIn(userId);
    const { binding, counts } = countingD1(env.DB);
    const forged = `${token.slice(0, -2)}AA`;
    const headers = { "cf-connecting-ip": "192.0.2.77" };
    const limited = { DB: binding, AUTH_FAILURE_LIMIT: env.TEST_LIMIT };
    const seen: number[] = [];
    for (let i = 0; i < 4; i++)
      seen.push((await call("GET", "/api/users/me", { token: forged, headers, env: limited })).status);
    expect(seen).toEqual([401, 401, 401, 429]);
    expect(counts.roundTrips).toBe(0);
    expect((await call("GET", "/api/users/me", { token, headers, env: limited })).status).toBe(200);
  });

  it("takes one round trip, and no further one for 30 seconds of reads", async () => {
    const { token } = await signIn(userId);
    const { secret } = await insertKey({ userId, lastUsedAt: NOW_MS });
    const { binding, counts } = countingD1(env.DB);
    const trips = async (method: "GET" | "POST", credential = token): Promise<number> => {
      const before = counts.roundTrips;
      const [path, body] =
        method === "GET" ? ["/api/users/me", {}] : ["/api/albums", { json: { name: newId("album") } }];
      await call(method, path, { token: credential, ...body, env: { DB: binding } });
      return counts.roundTrips - before;
    };
    expect([await trips("GET"), await trips("GET")]).toEqual([2, 1]);
    expect(await trips("POST")).toBe(await trips("POST", secret));
    vi.setSystemTime(NOW_MS + PRINCIPAL_MEMORY_MS);
    expect(await trips("GET")).toBe(2);
  });

  it("is verified with the previous signing key after a rotation, and signed with the new one", async () => {
    const { token } = await signIn(userId);
    const rotated = { MEDIA_SIGNING_KEY: "the next signing key 0123456789abcdef0123456789" };
    const withPrevious = { ...rotated, MEDIA_SIGNING_KEY_PREVIOUS: String(env.MEDIA_SIGNING_KEY) };
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_RENEWAL_MS);
    expect((await call("GET", "/api/users/me", { token, env: rotated })).status).toBe(401);
    const response = await call("GET", "/api/users/me", { token, env: withPrevious });
    expect(response.status).toBe(200);
    const renewed = response.headers.get("x-new-access-token") ?? "";
    expect((await call("GET", "/api/users/me", { token: renewed, env: rotated })).status).toBe(200);
  });
});

describe("a session", () => {
  it("gets the next token with a response when half of the token's life is over, whatever the status", async () => {
    const { token, sessionId } = await signIn(userId);
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_RENEWAL_MS - 1000);
    expect((await read(token)).headers.get("x-new-access-token")).toBeNull();
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_RENEWAL_MS);
    const missing = await call("GET", `/api/assets/${newId("asset")}`, {
      token,
      headers: { origin: "https://app.example" },
    });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("access-control-expose-headers")).toContain("x-new-access-token");
    const renewed = missing.headers.get("x-new-access-token") ?? "";
    expect(claimsOf(renewed)).toMatchObject({ sub: userId, sid: sessionId });
    expect(claimsOf(renewed)["exp"]).toBe(Math.floor(Date.now() / 1000) + 900);
    expect(await statuses(renewed)).toEqual([200, 201]);
  });

  it("goes on with its newest token after a month's sleep, and ends after 30 days without use", async () => {
    const { token, sessionId } = await signIn(userId);
    vi.setSystemTime(NOW_MS + SESSION_IDLE_MS - 1);
    expect((await read(token)).headers.get("x-new-access-token")).not.toBeNull();
    expect(await rowOf(sessionId)).toMatchObject({ expires_at: NOW_MS + 2 * SESSION_IDLE_MS - 1 });
    const sleeper = await signIn(userId);
    vi.setSystemTime(Date.now() + SESSION_IDLE_MS);
    const expired = await read(sleeper.token);
    expect(expired.status).toBe(401);
    expect(await expired.json()).toMatchObject({ detail: "JWT has expired; sign in again", error: "unauthorized" });
    expect((await change(sleeper.token)).status).toBe(401);
  });

  it("refuses an expired token once its client has used a newer one", async () => {
    const { token } = await signIn(userId);
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_RENEWAL_MS);
    const renewed = (await read(token)).headers.get("x-new-access-token") ?? "";
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_LIFETIME_MS - 1000);
    expect(await statuses(renewed)).toEqual([200, 201]);
    expect(await statuses(token)).toEqual([200, 201]);
    vi.setSystemTime(NOW_MS + ACCESS_TOKEN_LIFETIME_MS + PRINCIPAL_MEMORY_MS);
    expect(await statuses(token)).toEqual([401, 401]);
    expect(await statuses(renewed)).toEqual([200, 201]);
  });

  it("takes any of the tokens that several requests renewed at the same time", async () => {
    const { token } = await signIn(userId);
    vi.setSystemTime(NOW_MS + DAY_MS);
    const first = (await read(token)).headers.get("x-new-access-token") ?? "";
    vi.setSystemTime(NOW_MS + DAY_MS + SUPERSEDED_TOKEN_GRACE_MS - 1000);
    const second = (await read(token)).headers.get("x-new-access-token") ?? "";
    expect((await read(second)).status).toBe(200);
    vi.setSystemTime(NOW_MS + 3 * DAY_MS);
    expect(await statuses(first)).toEqual([200, 201]);
  });

  it("ends a year after the sign-in, however often it is used", async () => {
    const { sessionId } = await signIn(userId);
    await sqlAll("UPDATE sessions SET expires_at = ? WHERE id = ?", NOW_MS + MAX_SESSION_MS - 5000, sessionId);
    vi.setSystemTime(NOW_MS + MAX_SESSION_MS - 10_000);
    const token = await signAccessToken(testContext().config, { userId, sessionId }, Date.now());
    expect((await read(token)).status).toBe(200);
    expect(await rowOf(sessionId)).toMatchObject({ expires_at: NOW_MS + MAX_SESSION_MS });
    vi.setSystemTime(NOW_MS + MAX_SESSION_MS);
    expect(await statuses(token)).toEqual([401, 401]);
  });

  it("records its last use at most once a minute", async () => {
    const { token, sessionId } = await signIn(userId);
    vi.setSystemTime(NOW_MS + 59_000);
    await change(token);
    expect(await rowOf(sessionId)).toMatchObject({ last_used_at: NOW_MS });
    vi.setSystemTime(NOW_MS + 61_000);
    await change(token);
    expect(await rowOf(sessionId)).toMatchObject({ last_used_at: NOW_MS + 61_000 });
  });

  it("returns 401 for reads of this isolate and for changes everywhere once it ended", async () => {
    const { token, sessionId } = await signIn(userId);
    expect(await statuses(token)).toEqual([200, 201]);
    await sqlAll("UPDATE sessions SET ended_at = ?, expires_at = ? WHERE id = ?", NOW_MS, NOW_MS, sessionId);
    expect(await statuses(token)).toEqual([200, 401]);
    forgetPrincipal(sessionId);
    expect(await statuses(token)).toEqual([401, 401]);
  });

  it("returns 401 when its user is deactivated", async () => {
    const other = await insertUser();
    const { token } = await signIn(other);
    expect((await read(token)).status).toBe(200);
    await sqlAll("UPDATE users SET is_active = 0 WHERE id = ?", other);
    expect(await statuses(token)).toEqual([200, 401]);
    forgetUser(other);
    expect(await statuses(token)).toEqual([401, 401]);
  });

  it("has a separate rate limit", async () => {
    const [one, other] = [await signIn(userId), await signIn(userId)];
    const counted: string[] = [];
    const limit = async ({ key }: RateLimitOptions): Promise<RateLimitOutcome> => {
      counted.push(key);
      return await Promise.resolve({ success: key !== `credential:${one.sessionId}` });
    };
    const ask = async (token: string): Promise<number> =>
      (await call("GET", "/api/libraries", { token, env: { CREDENTIAL_LIMIT: { limit } } })).status;
    expect([await ask(one.token), await ask(other.token)]).toEqual([429, 200]);
    expect(counted).toEqual([`credential:${one.sessionId}`, `credential:${other.sessionId}`]);
  });

  it("is found at the primary when the nearest replica has no copy yet", async () => {
    const { token, sessionId } = await signIn(userId);
    let isLagging = true;
    const lagging = countingD1(env.DB, {
      beforeBatch: async ([sql]) => {
        if (sql?.includes('from "sessions"') !== true || !isLagging) return;
        isLagging = false;
        await env.DB.prepare("UPDATE sessions SET id = 'hidden' WHERE id = ?").bind(sessionId).run();
      },
      afterBatch: () => {
        void env.DB.prepare("UPDATE sessions SET id = ? WHERE id = 'hidden'").bind(sessionId).run();
      },
    });
    expect((await call("GET", "/api/users/me", { token, env: { DB: lagging.binding } })).status).toBe(200);
    expect(isLagging).toBe(false);
  });
});

describe("what a session may do", () => {
  it("creates API keys for its own user and libraries only", async () => {
    const tenant = await insertTenant();
    const { token } = await signIn(tenant.userId);
    const created = await call("POST", "/api/api-keys", { token, json: { name: "mine" } });
    expect(created.status).toBe(201);
    const { api_key: secret } = await created.json<{ api_key: string }>();
    expect(await (await read(secret)).json()).toMatchObject({ id: tenant.userId });
    const foreign = await insertTenant();
    const json = { name: "k", library_scope_mode: "selected_libraries", library_ids: [foreign.libraryId] };
    expect((await call("POST", "/api/api-keys", { token, json })).status).toBe(404);
    const keys = await (await call("GET", "/api/api-keys", { token })).json<{ id: string }[]>();
    expect(keys.map((key) => key.id)).not.toContain(foreign.keyId);
    expect((await call("DELETE", `/api/api-keys/${foreign.keyId}`, { token })).status).toBe(404);
    expect((await call("POST", "/api/api-keys", { token: secret, json: { name: "wider" } })).status).toBe(403);
  });

  it("is the owner's work only for the owner", async () => {
    const { userId: ownerId } = await getRootOwner();
    expect((await call("GET", "/api/integrity", { token: (await signIn(ownerId)).token })).status).toBe(200);
    expect((await call("GET", "/api/integrity", { token: (await signIn(userId)).token })).status).toBe(403);
  });

  it("names the session as the actor of its events", async () => {
    const { token, sessionId } = await signIn(userId);
    const { id } = await (await change(token)).json<{ id: string }>();
    const rows = await sqlAll("SELECT actor FROM events WHERE entity_id = ?", id);
    expect(rows).toEqual([{ actor: sessionId }]);
  });
});
