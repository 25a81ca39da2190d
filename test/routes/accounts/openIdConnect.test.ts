import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import {
  DISCOVERY_CACHE_MS,
  DISCOVERY_FAILURE_CACHE_MS,
  MAX_SUBJECT_CHARACTERS,
} from "../../../src/providers/identity/openIdConnect.ts";
import { challengeOf, SIGN_IN_LIFETIME_MS } from "../../../src/operations/accounts/oauth/signInRequests.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { invitationSecret } from "../../../src/operations/libraries/invitationSecrets.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { insertInvitation, insertLibrary, insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";

const APP = "app.immich:///oauth-callback";
const LOCAL = "http://localhost:3000/cb";
const VERIFIER = "a verifier of the client 0123456789abcdefghijk".replaceAll(" ", "-");
const NOW_MS = Date.now();

type Settings = Record<string, string>;

/** Settings of the scripted provider with a behaviour. */
function scripted(behaviour: string, changes: Settings = {}): Settings {
  const issuer = `${inject("openIdServerUrl")}/${behaviour}`;
  const client = { OIDC_CLIENT_ID: "tintype", OIDC_CLIENT_SECRET: "client secret 0123456789abcdef" };
  return { OIDC_ISSUER: issuer, ...client, SIGN_UPS: "anyone", ...changes };
}

function real(changes: Settings = {}): Settings {
  return { ...scripted(""), OIDC_ISSUER: inject("openIdProviderUrl"), ...changes };
}

beforeAll(async () => {
  await getRootOwner();
});
afterEach(() => {
  vi.useRealTimers();
});

async function beginResponse(settings: Settings, query: Record<string, string> = {}): Promise<Response> {
  const search = new URLSearchParams({ redirect_uri: APP, ...query }).toString();
  return await call("GET", `/api/oauth/auth-url?${search}`, { token: null, env: settings });
}

async function begin(settings: Settings, query: Record<string, string> = {}): Promise<URL> {
  const response = await beginResponse(settings, query);
  expect(response.status).toBe(200);
  return new URL((await response.json<{ url: string }>()).url);
}

function spyOnDiscovery() {
  const requests = vi.spyOn(globalThis, "fetch");
  const asked = (): number =>
    requests.mock.calls.filter(([url]) => typeof url === "string" && url.includes(".well-known")).length;
  return { requests, asked };
}

async function exchange(settings: Settings, json: Record<string, unknown>): Promise<Response> {
  return await call("POST", "/api/oauth/exchange", { token: null, json, env: settings });
}

async function reasonOf(response: Response): Promise<string> {
  const { detail } = await response.json<{ detail: string }>();
  expect(response.status, detail).toBe(400);
  expect(detail).toMatch(/^sign-in failed: /);
  return detail.slice("sign-in failed: ".length);
}

/** The code of the scripted provider for a sign-in: it names the claims of the ID token, null for a missing one. */
function codeFor(url: URL, claims: Record<string, unknown> = {}): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ nonce: url.searchParams.get("nonce"), claims }));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A whole sign-in at the scripted provider. */
async function signInAt(settings: Settings, claims: Record<string, unknown> = {}): Promise<Response> {
  const url = await begin(settings);
  return await exchange(settings, { code: codeFor(url, claims), state: url.searchParams.get("state") });
}

/** A browser: keeps cookies, and follows redirects within the provider. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async open(url: URL, form?: Record<string, string>): Promise<{ url: URL; text: string }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    const location = response.headers.get("location");
    if (location === null) return { url, text };
    const next = new URL(location, url);
    return next.origin === url.origin ? await this.open(next) : { url: next, text };
  }
}

/** Signs in at `oidc-provider` as a person would: name, then consent. Returns the parameters of the redirect. */
async function signInAtProvider(url: URL, login: string): Promise<Record<string, string>> {
  const browser = new Browser();
  let page = await browser.open(url);
  for (let i = 0; i < 3 && page.url.origin === url.origin; i++) {
    const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1] ?? "";
    const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? "";
    page = await browser.open(new URL(action, page.url), { prompt, login, password: "any" });
  }
  return Object.fromEntries(page.url.searchParams);
}

interface Exchange {
  access_token: string;
  user: { id: string; email: string | null; first_name: string | null; is_verified: boolean };
}

describe("a sign-in with oidc-provider", () => {
  it("creates the user at the first time, and finds them again", async () => {
    const url = await begin(real());
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: "tintype",
      response_type: "code",
      scope: "openid email profile",
      redirect_uri: APP,
      code_challenge_method: "S256",
    });
    const { code, state } = await signInAtProvider(url, "ada");
    const first = await exchange(real(), { code, state });
    const { access_token: token, user } = await first.json<Exchange>();
    expect([first.status, user]).toEqual([
      200,
      expect.objectContaining({
        clerk_user_id: null,
        email: "ada@example.com",
        first_name: "Name of ada",
        is_active: true,
        is_verified: true,
      }),
    ]);
    expect(await (await call("GET", "/api/users/me", { token })).json()).toMatchObject({ id: user.id });
    const [row] = await sqlAll("SELECT subject FROM users WHERE id = ?", user.id);
    expect(row).toEqual({ subject: `${inject("openIdProviderUrl")} ada` });

    const again = await signInAtProvider(await begin(real(), { redirect_uri: LOCAL }), "ada");
    const second = await (await exchange(real(), again)).json<Exchange>();
    expect(second.user.id).toBe(user.id);
  });

  it("passes the client's PKCE challenge to the provider", async () => {
    const pkce = { code_challenge: await challengeOf(VERIFIER), code_challenge_method: "S256" };
    const url = await begin(real(), pkce);
    expect(url.searchParams.get("code_challenge")).toBe(pkce.code_challenge);
    const { code, state } = await signInAtProvider(url, "grace");
    expect((await exchange(real(), { code, state, code_verifier: VERIFIER })).status).toBe(200);
    const other = await signInAtProvider(await begin(real(), pkce), "grace");
    expect(await reasonOf(await exchange(real(), { ...other, code_verifier: "x".repeat(43) }))).toContain("wrong");
  });

  it("is the owner's with the verified address of OWNER_EMAIL", async () => {
    const settings = real({ OWNER_EMAIL: "Owner@Example.com", SIGN_UPS: "nobody" });
    const { code, state } = await signInAtProvider(await begin(settings), "owner");
    const { user } = await (await exchange(settings, { code, state })).json<Exchange>();
    expect(user.id).toBe((await getRootOwner()).userId);
  });

  it("returns 400 for a used, altered or foreign code, a foreign state, and the user's refusal", async () => {
    const [one, other] = [
      await signInAtProvider(await begin(real()), "alan"),
      await signInAtProvider(await begin(real()), "alan"),
    ];
    const refused = "the identity provider refused the code: invalid_grant";
    const altered = await signInAtProvider(await begin(real()), "alan");
    expect(await reasonOf(await exchange(real(), { ...altered, code: `${altered["code"]}x` }))).toBe(refused);
    expect(await reasonOf(await exchange(real(), { code: one["code"], state: other["state"] }))).toBe(refused);
    expect(await reasonOf(await exchange(real(), other))).toBe("the state was used before");
    expect((await exchange(real(), one)).status).toBe(200);
    const used = await signInAtProvider(await begin(real()), "alan");
    expect((await exchange(real(), used)).status).toBe(200);
    expect(await reasonOf(await exchange(real(), used))).toBe("the state was used before");
    const again = (await begin(real())).searchParams.get("state");
    expect(await reasonOf(await exchange(real(), { code: used["code"], state: again }))).toBe(refused);
    const denied = { error: "access_denied", state: again };
    expect(await reasonOf(await exchange(real(), denied))).toBe("the identity provider answered access_denied");
  });

  it("returns 400 with a wrong client secret", async () => {
    const settings = real({ OIDC_CLIENT_SECRET: "another client secret 0123456789" });
    const { code, state } = await signInAtProvider(await begin(settings), "ada");
    expect(await reasonOf(await exchange(settings, { code, state }))).toContain("OIDC_CLIENT_SECRET");
  });

  it("ends at the provider's page of the discovery document", async () => {
    const response = await call("GET", "/api/oauth/logout-endpoint", { token: null, env: real() });
    expect(await response.json()).toEqual({ logout_endpoint: `${inject("openIdProviderUrl")}/session/end` });
  });
});

describe("a provider", () => {
  it("may take the secret in the form, answer with iss, and name the address in the ID token", async () => {
    for (const behaviour of ["ok", "form-secret", "with-iss", "userinfo"]) {
      const claims = { email: "ada@example.com", email_verified: "true", name: " Ada " };
      const response = await signInAt(scripted(behaviour), claims);
      expect([behaviour, response.status]).toEqual([behaviour, 200]);
      const { user } = await response.json<Exchange>();
      expect(user).toMatchObject({ email: "ada@example.com", is_verified: true, first_name: "Ada" });
    }
  });

  it("may be off by a minute, and name several audiences with azp", async () => {
    const now = Math.floor(Date.now() / 1000);
    expect((await signInAt(scripted("ok"), { exp: now - 50 })).status).toBe(200);
    expect((await signInAt(scripted("ok"), { nbf: now + 50, iat: now + 50 })).status).toBe(200);
    expect((await signInAt(scripted("ok"), { aud: ["tintype", "other"], azp: "tintype" })).status).toBe(200);
  });

  it("may rotate its keys", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
    expect((await signInAt(scripted("rotation"))).status).toBe(200);
    await fetch(`${inject("openIdServerUrl")}/rotation/rotate`);
    vi.setSystemTime(NOW_MS + 61_000);
    expect((await signInAt(scripted("rotation"))).status).toBe(200);
  });

  it("is asked for its discovery document once an hour", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
    const { requests, asked } = spyOnDiscovery();
    await begin(scripted("once-an-hour"));
    await begin(scripted("once-an-hour"));
    vi.setSystemTime(NOW_MS + DISCOVERY_CACHE_MS - 1);
    await begin(scripted("once-an-hour"));
    expect(asked()).toBe(1);
    vi.setSystemTime(NOW_MS + DISCOVERY_CACHE_MS);
    await begin(scripted("once-an-hour"));
    expect(asked()).toBe(2);
    requests.mockRestore();
  });

  it("is asked again 10 seconds after a failed discovery, and not before", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
    const { requests, asked } = spyOnDiscovery();
    const failing = scripted("discovery-404");
    for (const atMs of [0, DISCOVERY_FAILURE_CACHE_MS - 1]) {
      vi.setSystemTime(NOW_MS + atMs);
      expect(await reasonOf(await beginResponse(failing))).toMatch(/status/);
    }
    expect(asked()).toBe(1);
    vi.setSystemTime(NOW_MS + DISCOVERY_FAILURE_CACHE_MS);
    expect(await reasonOf(await beginResponse(failing))).toMatch(/status/);
    expect(asked()).toBe(2);
    requests.mockRestore();
  });

  it("is refused for every ID token that doesn't hold", async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims: [string, Record<string, unknown>, RegExp][] = [
      ["another issuer", { iss: "https://accounts.example.com" }, /"iss"/],
      ["no issuer", { iss: null }, /"iss"/],
      ["another audience", { aud: "other" }, /"aud"/],
      ["no audience", { aud: null }, /"aud"/],
      ["audiences without azp", { aud: ["tintype", "other"] }, /"aud"/],
      ["another authorized party", { aud: ["tintype", "other"], azp: "other" }, /"azp"/],
      ["another nonce", { nonce: "other" }, /"nonce"/],
      ["no nonce", { nonce: null }, /"nonce"/],
      ["expired", { exp: now - 120 }, /"exp"/],
      ["no expiry", { exp: null }, /"exp"/],
      ["an expiry as text", { exp: "tomorrow" }, /"exp"/],
      ["not yet valid", { nbf: now + 120 }, /"nbf"/],
      ["no subject", { sub: null }, /"sub"/],
      ["a blank subject", { sub: " " }, /sub/],
      ["a subject that is a number", { sub: 7 }, /"sub"/],
      ["a long subject", { sub: "x".repeat(MAX_SUBJECT_CHARACTERS + 1) }, /sub/],
    ];
    for (const [name, changes, reason] of claims)
      expect([name, await reasonOf(await signInAt(scripted("ok"), changes))]).toEqual([
        name,
        expect.stringMatching(reason),
      ]);
    const users = await sqlAll("SELECT subject FROM users WHERE subject LIKE '%xxx%' OR subject LIKE '% '");
    expect(users).toEqual([]);
  });

  it("is refused for every signature that doesn't hold", async () => {
    const behaviours = {
      "alg-none": /"alg"/,
      hs256: /"alg"/,
      "hs256-public-key": /"alg"/,
      "foreign-key": /signature/i,
      "altered-token": /signature/i,
      "unknown-key": /key/,
      "symmetric-key": /key/,
      "garbage-token": /JWT/,
      "no-id-token": /id_token/,
      "malformed-jwks": /keys/,
      "malformed-key": /./,
      "jwks-500": /./,
      "jwks-html": /./,
      "jwks-not-json": /JSON/,
      "jwks-huge": /larger than 256 KiB/,
      "jwks-disconnect": /unreachable/,
      "number-algorithms": /"alg"/,
    };
    for (const [behaviour, reason] of Object.entries(behaviours))
      expect([behaviour, await reasonOf(await signInAt(scripted(behaviour)))]).toEqual([
        behaviour,
        expect.stringMatching(reason),
      ]);
    expect(
      await sqlAll("SELECT id FROM sessions WHERE user_id IN (SELECT id FROM users WHERE subject LIKE '%/hs256%')"),
    ).toEqual([]);
  });

  it("returns 400 for a discovery document that doesn't hold", async () => {
    const behaviours = {
      "other-issuer": /issuer/,
      "no-endpoints": /authorization_endpoint/,
      "script-endpoints": /authorization_endpoint/,
      "number-endpoints": /authorization_endpoint/,
      "discovery-500": /status/,
      "discovery-404": /status/,
      "discovery-html": /content-type/,
      "discovery-not-json": /JSON/,
      "discovery-array": /object/,
      "discovery-huge": /larger than 256 KiB/,
      "discovery-moved": /status/,
      "discovery-disconnect": /unreachable/,
    };
    for (const [behaviour, reason] of Object.entries(behaviours)) {
      const response = await beginResponse(scripted(behaviour));
      expect([behaviour, await reasonOf(response)]).toEqual([behaviour, expect.stringMatching(reason)]);
    }
    for (const behaviour of ["discovery-500", "discovery-huge"]) {
      const logout = await call("GET", "/api/oauth/logout-endpoint", { token: null, env: scripted(behaviour) });
      expect([behaviour, logout.status]).toEqual([behaviour, 400]);
    }
    for (const behaviour of ["script-endpoints", "number-endpoints", "ok"]) {
      const logout = await call("GET", "/api/oauth/logout-endpoint", { token: null, env: scripted(behaviour) });
      expect(await logout.json()).toEqual({ logout_endpoint: "https://tintype.test/sign-out" });
    }
    const unreachable = { ...scripted("ok"), OIDC_ISSUER: "http://127.0.0.1:1" };
    expect(await reasonOf(await beginResponse(unreachable))).toContain("unreachable");
  });

  it("returns 400 for answers of the other endpoints that don't hold", async () => {
    const behaviours = {
      "token-500": /refused|status|server_error/,
      "token-404": /./,
      "token-html": /content-type/,
      "token-not-json": /JSON/,
      "token-array": /./,
      "token-huge": /larger than 256 KiB/,
      "token-disconnect": /unreachable/,
      "userinfo-other": /sub/,
      "userinfo-500": /./,
      "file-endpoints": /./,
      "text-algorithms": /./,
      "text-methods": /./,
    };
    for (const [behaviour, reason] of Object.entries(behaviours)) {
      const response = await signInAt(scripted(behaviour));
      if (behaviour.startsWith("text-") && response.status === 200) continue;
      expect([behaviour, await reasonOf(response)]).toEqual([behaviour, expect.stringMatching(reason)]);
    }
  });

  it("returns 400 after five seconds without an answer", async () => {
    const slow = ["discovery-slow", "discovery-slow-body"].map(async (name) => await beginResponse(scripted(name)));
    const later = ["token-slow", "jwks-slow-body"].map(async (name) => await signInAt(scripted(name)));
    for (const response of await Promise.all([...slow, ...later]))
      expect(await reasonOf(response)).toBe("the identity provider did not answer within 5 seconds");
  });

  it("never learns of a sign-in that began with other settings", async () => {
    const url = await begin(scripted("ok"));
    const parameters = { code: codeFor(url), state: url.searchParams.get("state") };
    expect(await reasonOf(await exchange(scripted("ok", { MEDIA_SIGNING_KEY: "x".repeat(40) }), parameters))).toMatch(
      /"nonce"/,
    );
  });

  it("is given ten minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
    const url = await begin(scripted("ok"));
    vi.setSystemTime(NOW_MS + SIGN_IN_LIFETIME_MS);
    const late = { code: codeFor(url), state: url.searchParams.get("state") };
    expect(await reasonOf(await exchange(scripted("ok"), late))).toContain("expired");
  });
});

describe("who may sign in with a provider", () => {
  const reasons: [string, Settings, Record<string, unknown>, RegExp][] = [
    ["nobody", { SIGN_UPS: "nobody" }, {}, /no new accounts/],
    ["invited", { SIGN_UPS: "invited" }, {}, /invitation/],
    ["another domain", { SIGN_UPS: "example.org" }, { email: "a@example.com", email_verified: true }, /invitation/],
    ["an unverified address", { SIGN_UPS: "example.com" }, { email: "a@example.com" }, /invitation/],
    ["an unverified owner", { OWNER_EMAIL: "o@example.com", SIGN_UPS: "invited" }, { email: "o@example.com" }, /invit/],
  ];
  it.each(reasons)("is not %s", async (name, settings, claims, reason) => {
    const response = await signInAt(scripted("ok", settings), { sub: `new ${name}`, ...claims });
    expect(await reasonOf(response)).toMatch(reason);
  });

  it("is whoever holds an invitation that others can still join with, where invited may sign up", async () => {
    const owner = await insertUser();
    const invite = async (): Promise<{ id: string; secret: string }> => {
      const id = await insertInvitation({ userId: owner, libraryId: await insertLibrary(owner, newId("library")) });
      return { id, secret: await invitationSecret(testContext().config, id) };
    };
    const [open, disabled, other] = [await invite(), await invite(), await invite()];
    await sqlAll("UPDATE library_invitations SET disabled_at = 1 WHERE id = ?", disabled.id);
    const signUp = async (sub: string, invitation: unknown, settings: Settings = {}): Promise<Response> => {
      const changed = scripted("ok", { SIGN_UPS: "invited", ...settings });
      const url = await begin(changed);
      const parameters = { code: codeFor(url, { sub }), state: url.searchParams.get("state") };
      return await exchange(changed, { ...parameters, invitation });
    };
    expect((await signUp("invited", open)).status).toBe(200);
    for (const wrong of [disabled, { ...open, secret: other.secret }, { id: newId("invitation"), secret: open.secret }])
      expect(await reasonOf(await signUp("not invited", wrong))).toContain("by invitation only");
    expect(await reasonOf(await signUp("too late", open, { SIGN_UPS: "nobody" }))).toContain("no new accounts");
    expect((await signUp("malformed", { id: "x", secret: "y" })).status).toBe(422);
    expect((await signUp("invited", null)).status).toBe(200);
  });

  it("takes a place of the invitation at once: one place admits one new user", async () => {
    const owner = await insertUser();
    const libraryId = await insertLibrary(owner, newId("library"));
    const id = await insertInvitation({ userId: owner, libraryId });
    await sqlAll("UPDATE library_invitations SET max_joiners = 1 WHERE id = ?", id);
    const invitation = { id, secret: await invitationSecret(testContext().config, id) };
    const settings = scripted("ok", { SIGN_UPS: "invited" });
    const signUp = async (sub: string): Promise<Response> => {
      const url = await begin(settings);
      return await exchange(settings, {
        code: codeFor(url, { sub }),
        state: url.searchParams.get("state"),
        invitation,
      });
    };
    const responses = await Promise.all(["one", "two", "three"].map(async (sub) => await signUp(sub)));
    const [first, ...others] = responses.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    const { user } = (await first?.json<Exchange>()) ?? {};
    const members = await sqlAll("SELECT user_id, state FROM library_members WHERE invitation_id = ?", id);
    expect(members).toEqual([{ user_id: user?.id, state: "active" }]);
    const users = await sqlAll(
      "SELECT id FROM users WHERE subject LIKE '% one' OR subject LIKE '% two' OR subject LIKE '% three'",
    );
    expect(users).toEqual([{ id: user?.id }]);
    expect(await reasonOf(await signUp("four"))).toContain("by invitation only");
  });

  it("is not a deactivated user", async () => {
    const { user } = await (await signInAt(scripted("ok"), { sub: "leaver" })).json<Exchange>();
    await sqlAll("UPDATE users SET is_active = 0 WHERE id = ?", user.id);
    expect(await reasonOf(await signInAt(scripted("ok"), { sub: "leaver" }))).toContain("deactivated");
  });

  it("is another user at another issuer, whatever the sub says", async () => {
    const first = await (await signInAt(scripted("ok"), { sub: "same" })).json<Exchange>();
    const second = await (await signInAt(scripted("with-iss"), { sub: "same" })).json<Exchange>();
    const root = await (await signInAt(scripted("ok"), { sub: "root" })).json<Exchange>();
    expect(new Set([first.user.id, second.user.id, root.user.id, (await getRootOwner()).userId]).size).toBe(4);
  });
});

describe("the settings of sign-in", () => {
  const wrong: [string, Settings][] = [
    ["OIDC_ISSUER", { OIDC_ISSUER: "accounts.example.com", OIDC_CLIENT_ID: "x" }],
    ["OIDC_ISSUER", { OIDC_ISSUER: "ftp://accounts.example.com", OIDC_CLIENT_ID: "x" }],
    ["OIDC_ISSUER", { OIDC_ISSUER: "http://accounts.example.com", OIDC_CLIENT_ID: "x", ENVIRONMENT: "production" }],
    ["OIDC_ISSUER", { OIDC_ISSUER: "https://accounts.example.com?x=1", OIDC_CLIENT_ID: "x" }],
    ["OIDC_CLIENT_ID", { OIDC_ISSUER: "https://accounts.example.com" }],
    ["OIDC_ISSUER", { OIDC_CLIENT_ID: "x" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "/signed-in" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "https://*.example.com/cb" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "https://app.example/cb, javascript:alert(1)" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "https://app.example/cb#x" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "https://user@app.example/cb" }],
    ["REDIRECT_URIS", { REDIRECT_URIS: "http://app.example/cb", ENVIRONMENT: "production" }],
  ];
  it.each(wrong)("fail every request with 503 and the name of a wrong %s", async (name, settings) => {
    const response = await call("GET", "/api/server/ping", { token: null, env: settings });
    expect(response.status).toBe(503);
    expect((await response.json<{ detail: string }>()).detail).toContain(name);
  });
});
