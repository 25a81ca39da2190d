import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_OAUTH_PARAMETER_CHARACTERS } from "../../../src/routes/accounts/sessionSchemas.ts";
import {
  finishSignIn,
  requireOpenSignIn,
  SIGN_IN_CODE_LIFETIME_MS,
  SIGN_IN_LIFETIME_MS,
  sweepSignIns,
} from "../../../src/operations/accounts/oauth/signInRequests.ts";
import { MAX_REDIRECT_URI_CHARACTERS } from "../../../src/kernel/settings/signInSettings.ts";
import { MAX_SIGN_IN_REQUESTS } from "../../../src/records/accounts/signInRequests.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, type CallOptions } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { claimsOf, finishPage, stateOf } from "../../support/clients/sessions.ts";
import { insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";

const APP = "app.immich:///oauth-callback";
const NOW_MS = Date.parse("2026-05-06T07:08:09.500Z");
/** The example of RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

let userId: string;
beforeAll(async () => {
  await getRootOwner();
  userId = await insertUser();
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

async function authUrl(query: Record<string, string>, options: CallOptions = {}): Promise<Response> {
  const path = `/api/oauth/auth-url?${new URLSearchParams(query).toString()}`;
  return await call("GET", path, { token: null, ...options });
}

async function begin(query: Record<string, string> = {}): Promise<{ url: string }> {
  const response = await authUrl({ redirect_uri: APP, ...query });
  expect(response.status).toBe(200);
  return await response.json<{ url: string }>();
}

async function exchange(json: Record<string, unknown>, options: CallOptions = {}): Promise<Response> {
  return await call("POST", "/api/oauth/exchange", { token: null, json, ...options });
}

/** A sign-in whose user has come back from the page. */
async function signedIn(query: Record<string, string> = {}): Promise<{ code: string; state: string }> {
  return await finishPage(await begin(query), userId);
}

async function reasonOf(response: Response): Promise<string> {
  expect(response.status).toBe(400);
  const { detail, error } = await response.json<{ detail: string; error: string }>();
  expect(error).toBe("bad_request");
  return detail;
}

describe("GET /api/oauth/auth-url", () => {
  it("returns the sign-in page of this deployment, and stores the state only as a hash", async () => {
    const { url } = await begin();
    expect(url).toMatch(/^https:\/\/tintype\.test\/sign-in\?request=[\w-]{43}$/);
    const request = stateOf({ url });
    const rows = await sqlAll("SELECT * FROM sign_in_requests");
    expect(rows.at(-1)).toMatchObject({ redirect_uri: APP, user_id: null, expires_at: NOW_MS + SIGN_IN_LIFETIME_MS });
    expect(JSON.stringify(rows)).not.toContain(request);
    expect(await requireOpenSignIn(testContext(), request)).toMatchObject({ redirectUri: APP });
    const atPublicUrl = await authUrl({ redirect_uri: APP }, { env: { PUBLIC_URL: "https://photos.example" } });
    expect(await atPublicUrl.json()).toEqual({ url: expect.stringMatching(/^https:\/\/photos\.example\/sign-in\?/) });
  });

  it("accepts registered redirect targets, exactly as they are registered", async () => {
    const settings = { ENVIRONMENT: "production", REDIRECT_URIS: "https://app.example/cb?a=1, other.app:/cb" };
    const statusOf = async (uri: string): Promise<number> =>
      (await authUrl({ redirect_uri: uri }, { env: settings })).status;
    for (const uri of [APP, "https://app.example/cb?a=1", "other.app:/cb", "https://tintype.test/signed-in"])
      expect(await statusOf(uri), uri).toBe(200);
    for (const uri of [
      "https://app.example/cb",
      "https://app.example/cb?a=1&b=2",
      "https://app.example/cb?a=1#x",
      "https://app.example/CB?a=1",
      "https://app.example:444/cb?a=1",
      "https://app.example.evil.example/cb?a=1",
      "https://app.example@evil.example/cb?a=1",
      "http://app.example/cb?a=1",
      " https://app.example/cb?a=1",
      "app.immich:///oauth-callback/",
      "app.immich://evil.example/oauth-callback",
      "https://evil.example/signed-in",
      "https://tintype.test/signed-in?next=https://evil.example",
      "//evil.example",
      "/signed-in",
      "javascript:alert(1)",
      "http://localhost:3000/cb",
    ])
      expect(await statusOf(uri), uri).toBe(400);
  });

  it("accepts every port of the same machine in local development only", async () => {
    for (const uri of ["http://localhost:3000/cb", "http://127.0.0.1:8400/", "http://[::1]:1/x"]) {
      expect((await authUrl({ redirect_uri: uri })).status, uri).toBe(200);
      expect((await authUrl({ redirect_uri: uri }, { env: { ENVIRONMENT: "production" } })).status, uri).toBe(400);
    }
    for (const uri of ["http://localhost.evil.example/", "http://localhost@evil.example/", "http://localhost:1/#x"])
      expect((await authUrl({ redirect_uri: uri })).status, uri).toBe(400);
  });

  it("returns 422 for a missing or long parameter, and for PKCE other than S256", async () => {
    await expectError(await authUrl({}), 422);
    await expectError(await authUrl({ redirect_uri: "x".repeat(MAX_REDIRECT_URI_CHARACTERS + 1) }), 422);
    const wrong: Record<string, string>[] = [
      { code_challenge: CHALLENGE },
      { code_challenge: CHALLENGE, code_challenge_method: "plain" },
      { code_challenge: VERIFIER.slice(1), code_challenge_method: "S256" },
      { code_challenge: `${CHALLENGE}=`, code_challenge_method: "S256" },
      { code_challenge_method: "plain" },
    ];
    for (const query of wrong) await expectError(await authUrl({ redirect_uri: APP, ...query }), 422);
    await begin({ code_challenge: CHALLENGE, code_challenge_method: "S256" });
    await begin({ code_challenge_method: "S256" });
  });

  it("replaces the oldest sign-in when too many are under way, but none whose user has signed in", async () => {
    await sqlAll("DELETE FROM sign_in_requests");
    const waiting = await signedIn();
    const oldest = stateOf(await begin());
    vi.setSystemTime(NOW_MS + 1000);
    const second = stateOf(await begin());
    await sqlAll(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO sign_in_requests (state_hash, redirect_uri, created_at, expires_at)
       SELECT 'full ' || i, 'x', ?1, ?1 FROM n`,
      NOW_MS + SIGN_IN_LIFETIME_MS + 2000,
      MAX_SIGN_IN_REQUESTS - 3,
    );
    const newest = await finishPage(await begin(), userId);
    expect(await sqlAll("SELECT count(*) AS rows FROM sign_in_requests")).toEqual([{ rows: MAX_SIGN_IN_REQUESTS }]);
    expect(await reasonOf(await exchange({ code: "x", state: oldest }))).toBe("sign-in failed: unknown state");
    expect(await requireOpenSignIn(testContext({ nowMs: Date.now() }), second)).toMatchObject({ redirectUri: APP });
    for (const parameters of [waiting, newest]) expect((await exchange(parameters)).status).toBe(200);
    vi.setSystemTime(NOW_MS + SIGN_IN_LIFETIME_MS + 2000);
    await begin();
    expect(await sweepSignIns(testContext({ nowMs: Date.now() }))).toBeGreaterThan(MAX_SIGN_IN_REQUESTS / 2);
    expect(await sqlAll("SELECT 1 FROM sign_in_requests WHERE redirect_uri = 'x'")).toEqual([]);
  });

  it("is limited per network, like the other routes of sign-in", async () => {
    const headers = { "cf-connecting-ip": "192.0.2.9" };
    const options = { headers, env: { SIGN_IN_LIMIT: env.TEST_LIMIT } };
    const seen = [
      await authUrl({ redirect_uri: APP }, options),
      await exchange({}, options),
      await call("GET", "/api/oauth/logout-endpoint", { token: null, ...options }),
      await authUrl({ redirect_uri: APP }, options),
    ].map(({ status }) => status);
    expect(seen).toEqual([200, 400, 200, 429]);
    const elsewhere = { ...options, headers: { "cf-connecting-ip": "192.0.2.10" } };
    expect((await authUrl({ redirect_uri: APP }, elsewhere)).status).toBe(200);
  });
});

describe("a sign-in page", () => {
  it("hands code and state to the redirect target, once", async () => {
    const request = stateOf(await begin());
    const redirect = await finishSignIn(testContext(), request, userId);
    expect(redirect).toMatch(/^app\.immich:\/\/\/oauth-callback\?code=[\w-]{43}&state=[\w-]{43}$/);
    expect(new URL(redirect).searchParams.get("state")).toBe(request);
    await expect(finishSignIn(testContext(), request, await insertUser())).rejects.toThrow("start again");
    await expect(requireOpenSignIn(testContext(), request)).rejects.toThrow("start again");
  });

  it("keeps the query of a redirect target", async () => {
    const target = "http://localhost:3000/cb?next=%2Falbums";
    const state = stateOf(await begin({ redirect_uri: target }));
    const redirect = await finishSignIn(testContext(), state, userId);
    expect(redirect.startsWith(`${target}&code=`)).toBe(true);
  });

  it("is over after ten minutes, and unknown without a request", async () => {
    const request = stateOf(await begin());
    vi.setSystemTime(NOW_MS + SIGN_IN_LIFETIME_MS);
    for (const each of [request, "", "x", request.slice(1)]) {
      await expect(finishSignIn(testContext(), each, userId)).rejects.toThrow("start again");
      await expect(requireOpenSignIn(testContext(), each)).rejects.toThrow("start again");
    }
  });
});

describe("POST /api/oauth/exchange", () => {
  it("returns a session and every key of its user", async () => {
    const { code, state } = await signedIn();
    const response = await exchange({ code, state }, { headers: { "user-agent": "Immich_iOS" } });
    expect(response.status).toBe(200);
    const { access_token: token, user } = await response.json<{ access_token: string; user: unknown }>();
    expect(user).toEqual({
      id: userId,
      clerk_user_id: null,
      email: `${userId}@tintype.invalid`,
      first_name: null,
      last_name: null,
      is_active: true,
      is_verified: true,
    });
    expect((await call("GET", "/api/users/me", { token })).status).toBe(200);
    const [session] = await sqlAll("SELECT label FROM sessions WHERE id = ?", claimsOf(token)["sid"]);
    expect(session).toEqual({ label: "Immich_iOS" });
  });

  it("returns the owner with the configured name and address", async () => {
    const { userId: ownerId } = await getRootOwner();
    const settings = { OWNER_EMAIL: "ada@example.com", OWNER_NAME: "Ada" };
    const response = await exchange(await finishPage(await begin(), ownerId), { env: settings });
    const { user } = await response.json<{ user: unknown }>();
    expect(user).toMatchObject({ id: ownerId, email: "ada@example.com", first_name: "Ada" });
  });

  it("ignores an Authorization header, which clients of the Gumnut API may send", async () => {
    expect((await exchange(await signedIn(), { token: "expired" })).status).toBe(200);
  });

  it("takes a code once, and of ten at the same time one", async () => {
    const parameters = await signedIn();
    const responses = await Promise.all(Array.from({ length: 10 }, async () => await exchange(parameters)));
    const count = (status: number): number => responses.filter((response) => response.status === status).length;
    expect([count(200), count(400)]).toEqual([1, 9]);
    expect(await reasonOf(await exchange(parameters))).toBe("sign-in failed: the state was used before");
  });

  it("takes a code for a minute", async () => {
    const [late, inTime] = [await signedIn(), await signedIn()];
    vi.setSystemTime(NOW_MS + SIGN_IN_CODE_LIFETIME_MS - 1);
    expect((await exchange(inTime)).status).toBe(200);
    vi.setSystemTime(NOW_MS + SIGN_IN_CODE_LIFETIME_MS);
    expect(await reasonOf(await exchange(late))).toContain("expired");
  });

  it("returns 400 with the reason for an altered or foreign code or state, and before anybody signed in", async () => {
    const foreign = await signedIn();
    const alter = (text: string): string => (text.startsWith("A") ? "B" : "A") + text.slice(1);
    const open = { state: stateOf(await begin()) };
    const cases: [string, Record<string, unknown>, string][] = [
      ["altered code", { ...(await signedIn()), code: alter(foreign.code) }, "wrong code"],
      ["foreign code", { ...(await signedIn()), code: foreign.code }, "wrong code"],
      ["short code", { ...(await signedIn()), code: "x" }, "wrong code"],
      ["altered state", { ...foreign, state: alter(foreign.state) }, "unknown state"],
      ["unknown state", { ...foreign, state: "live" }, "unknown state"],
      ["no code", { state: foreign.state }, "code and state are required"],
      ["no state", { code: foreign.code, state: null }, "code and state are required"],
      ["nothing", {}, "code and state are required"],
      ["an error", { error: "access_denied", state: foreign.state }, "the identity provider answered access_denied"],
      ["an error to print", { error: "<b>\n\u0000" }, "the identity provider answered _b___"],
      ["no sign-in yet", { ...open, code: foreign.code }, "wrong code"],
    ];
    for (const [name, json, reason] of cases)
      expect([name, await reasonOf(await exchange(json))]).toEqual([name, `sign-in failed: ${reason}`]);
    expect((await exchange(foreign)).status).toBe(200);
  });

  it("ends a sign-in at a wrong code, so that codes can't be guessed", async () => {
    const { code, state } = await signedIn();
    expect((await exchange({ code: "wrong", state })).status).toBe(400);
    expect(await reasonOf(await exchange({ code, state }))).toContain("used before");
  });

  it("requires the PKCE verifier of the challenge, and none without a challenge", async () => {
    const challenge = { code_challenge: CHALLENGE, code_challenge_method: "S256" };
    const right = { ...(await signedIn(challenge)), code_verifier: VERIFIER };
    expect((await exchange(right)).status).toBe(200);
    const wrong = { ...(await signedIn(challenge)), code_verifier: CHALLENGE };
    expect(await reasonOf(await exchange(wrong))).toContain("wrong code_verifier");
    expect(await reasonOf(await exchange(await signedIn(challenge)))).toContain("code_verifier is required");
    const downgraded = { ...(await signedIn()), code_verifier: VERIFIER };
    expect(await reasonOf(await exchange(downgraded))).toContain("without code_challenge");
  });

  it("returns 400 for a user who was deactivated or deleted meanwhile", async () => {
    const other = await insertUser();
    const [first, second] = [await finishPage(await begin(), other), await finishPage(await begin(), other)];
    await sqlAll("UPDATE users SET is_active = 0 WHERE id = ?", other);
    expect(await reasonOf(await exchange(first))).toContain("deactivated");
    await sqlAll("DELETE FROM users WHERE id = ?", other);
    expect(await reasonOf(await exchange(second))).toContain("deactivated");
    expect(await sqlAll("SELECT id FROM sessions WHERE user_id = ?", other)).toEqual([]);
  });

  it("returns 422, 415, 413 for bodies of another form, type or size", async () => {
    await expectError(await exchange({ code: 1, state: "s" }), 422);
    await expectError(await exchange({ code: "x".repeat(MAX_OAUTH_PARAMETER_CHARACTERS + 1), state: "s" }), 422);
    await expectError(await call("POST", "/api/oauth/exchange", { token: null }), 422);
    const form = { body: "code=x&state=y", headers: { "content-type": "application/x-www-form-urlencoded" } };
    await expectError(await call("POST", "/api/oauth/exchange", { token: null, ...form }), 415);
    await expectError(await exchange({ code: "x".repeat(2_000_000) }), 413);
  });
});

describe("GET /api/oauth/logout-endpoint", () => {
  it("returns the sign-out page of this deployment", async () => {
    const response = await call("GET", "/api/oauth/logout-endpoint", { token: null });
    expect(await response.json()).toEqual({ logout_endpoint: "https://tintype.test/sign-out" });
  });
});
