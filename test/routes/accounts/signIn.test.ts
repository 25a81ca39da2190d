import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Context } from "../../../src/operations/context.ts";
import { CHALLENGE_LIFETIME_MS } from "../../../src/operations/accounts/passkeys/webauthn.ts";
import { sweepSignInSecrets } from "../../../src/operations/accounts/signIn/signInPage.ts";
import {
  DEFAULT_LINK_LIFETIME_SECONDS,
  redeemSignInLink,
} from "../../../src/operations/accounts/signIn/signInLinks.ts";
import { createApiKey, createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { MAX_PASSKEY_CHALLENGES } from "../../../src/records/accounts/oneTimeSecrets.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { call, ROOT_API_KEY, type CallOptions } from "../../support/clients/api.ts";
import { signIn, stateOf } from "../../support/clients/sessions.ts";
import { invite, type Link } from "../../support/clients/sharing.ts";
import { SoftwareAuthenticator } from "../../support/clients/softwareAuthenticator.ts";
import { insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";

const ORIGIN = "https://tintype.test";
const APP = "app.immich:///oauth-callback";

const outcomeSchema = z.object({ access_token: z.string().nullable(), redirect_url: z.string().nullable() });
const requestOptions = z.object({ challenge: z.string() });
const creationOptions = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
});

let ownerId: string;
beforeAll(async () => {
  ownerId = (await getRootOwner()).userId;
});

async function post(path: string, json: unknown, options: CallOptions = {}): Promise<Response> {
  return await call("POST", path, { token: null, json, ...options });
}

async function userOf(token: string | null): Promise<string> {
  const response = await call("GET", "/api/users/me", { token });
  expect(response.status).toBe(200);
  return (await response.json<{ id: string }>()).id;
}

/** Adds a passkey over HTTP, as the account page does. */
async function addPasskey(token: string, device: SoftwareAuthenticator, name = "Phone"): Promise<string> {
  const options = await call("POST", "/api/sign-in/passkeys/options", { token });
  const credential = await device.create(creationOptions.parse(await options.json()));
  const response = await post("/api/sign-in/passkeys", { credential, name }, { token });
  expect(response.status).toBe(201);
  return (await response.json<{ id: string }>()).id;
}

async function passkeySignIn(device: SoftwareAuthenticator, request: string | null, options: CallOptions = {}) {
  const challenge = await post("/api/sign-in/passkey/options", { request });
  const credential = await device.get(requestOptions.parse(await challenge.json()));
  return await post("/api/sign-in/passkey", { credential, request }, options);
}

async function beginClientSignIn(): Promise<string> {
  const query = new URLSearchParams({ redirect_uri: APP });
  const response = await call("GET", `/api/oauth/auth-url?${query.toString()}`, { token: null });
  return stateOf(await response.json<{ url: string }>());
}

describe("signing in with a passkey", () => {
  it("begins a session on our own pages, which the User-Agent names", async () => {
    const device = new SoftwareAuthenticator(ORIGIN);
    const { token } = await signIn(ownerId);
    await addPasskey(token, device);
    const response = await passkeySignIn(device, null, { headers: { "user-agent": "A browser" } });
    const { access_token: accessToken, redirect_url: redirectUrl } = outcomeSchema.parse(await response.json());
    expect(redirectUrl).toBeNull();
    expect(await userOf(accessToken)).toBe(ownerId);
    const sessions = await (await call("GET", "/api/sessions", { token: accessToken })).json<{ data: object[] }>();
    expect(sessions.data[0]).toMatchObject({ label: "A browser", is_current: true });
  });

  it("hands a client its code, once for each sign-in", async () => {
    const device = new SoftwareAuthenticator(ORIGIN);
    const userId = await insertUser();
    await addPasskey((await signIn(userId)).token, device);
    const request = await beginClientSignIn();
    const response = await passkeySignIn(device, request);
    const { access_token: accessToken, redirect_url: redirectUrl } = outcomeSchema.parse(await response.json());
    expect(accessToken).toBeNull();
    expect(redirectUrl?.startsWith(`${APP}?`)).toBe(true);
    const { code, state } = Object.fromEntries(new URL(redirectUrl ?? "").searchParams);
    const exchanged = await post("/api/oauth/exchange", { code, state });
    expect(exchanged.status).toBe(200);
    expect(await userOf((await exchanged.json<{ access_token: string }>()).access_token)).toBe(userId);
    expect((await passkeySignIn(device, request)).status).toBe(400);
  });

  it("is refused with a passkey that nobody has", async () => {
    const device = new SoftwareAuthenticator(ORIGIN);
    await device.create({
      challenge: "",
      rp: { id: "tintype.test", name: "" },
      user: { id: "", name: "", displayName: "" },
      pubKeyCredParams: [],
    });
    const response = await passkeySignIn(device, null);
    expect(response.status).toBe(401);
  });

  it("stores challenges as hashes", async () => {
    const response = await post("/api/sign-in/passkey/options", {});
    const { challenge } = requestOptions.parse(await response.json());
    const rows = await sqlAll("SELECT * FROM passkey_challenges");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(challenge);
  });

  it("replaces the oldest challenge when too many wait for an answer", async () => {
    await sqlAll("DELETE FROM passkey_challenges");
    const device = new SoftwareAuthenticator(ORIGIN);
    await addPasskey((await signIn(await insertUser())).token, device);
    const ask = async () => requestOptions.parse(await (await post("/api/sign-in/passkey/options", {})).json());
    const oldest = await ask();
    await sqlAll("UPDATE passkey_challenges SET expires_at = expires_at - 1000");
    const second = await ask();
    await sqlAll(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO passkey_challenges (challenge_hash, purpose, bound_to, expires_at)
       SELECT 'full ' || i, 'sign_in', '', ?1 FROM n`,
      Date.now() + CHALLENGE_LIFETIME_MS + 60_000,
      MAX_PASSKEY_CHALLENGES - 2,
    );
    const newest = await ask();
    expect(await sqlAll("SELECT count(*) AS rows FROM passkey_challenges")).toEqual([{ rows: MAX_PASSKEY_CHALLENGES }]);
    const statuses: number[] = [];
    for (const options of [oldest, second, newest])
      statuses.push((await post("/api/sign-in/passkey", { credential: await device.get(options) })).status);
    expect(statuses).toEqual([400, 200, 200]);
    await sqlAll("DELETE FROM passkey_challenges");
  });

  it("takes five round trips to the database and writes few rows", async () => {
    const device = new SoftwareAuthenticator(ORIGIN);
    await addPasskey((await signIn(await insertUser())).token, device);
    const { binding, counts } = countingD1(env.DB);
    const measured = { env: { DB: binding } };
    const options = await post("/api/sign-in/passkey/options", {}, measured);
    const credential = await device.get(requestOptions.parse(await options.json()));
    expect((await post("/api/sign-in/passkey", { credential }, measured)).status).toBe(200);
    expect({ trips: counts.roundTrips, rows: counts.rowsWritten }).toEqual({ trips: 5, rows: 9 });
  });

  it("is limited per network", async () => {
    const limited = { headers: { "cf-connecting-ip": "192.0.2.77" }, env: { SIGN_IN_LIMIT: env.TEST_LIMIT } };
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await post("/api/sign-in/passkey/options", {}, limited)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it.each(["id", "rawId", "type", "response"])("needs %s of the credential", async (field) => {
    const device = new SoftwareAuthenticator(ORIGIN);
    await addPasskey((await signIn(ownerId)).token, device);
    const options = requestOptions.parse(await (await post("/api/sign-in/passkey/options", {})).json());
    const { [field]: _removed, ...credential } = { ...(await device.get(options)) } as Record<string, unknown>;
    expect((await post("/api/sign-in/passkey", { credential })).status).toBe(422);
  });
});

describe("signing in with the root key", () => {
  it("begins a session of the owner", async () => {
    const response = await call("POST", "/api/sign-in/root-key");
    expect(response.status).toBe(200);
    const { access_token: token } = outcomeSchema.parse(await response.json());
    expect(token).not.toBe(ROOT_API_KEY);
    expect(await userOf(token)).toBe(ownerId);
  });

  it("is refused with any other credential, so that no session begins another one", async () => {
    const owner = await signIn(ownerId);
    const apiKey = await createApiKey();
    const other = await signIn(await insertUser());
    const statuses = [];
    for (const token of [owner.token, apiKey, other.token]) {
      statuses.push((await call("POST", "/api/sign-in/root-key", { token })).status);
    }
    expect(statuses).toEqual([403, 403, 403]);
    expect((await call("POST", "/api/sign-in/root-key", { token: `${ROOT_API_KEY}x` })).status).toBe(401);
  });

  it("lets the owner sign in to a client", async () => {
    const { access_token: token } = outcomeSchema.parse(await (await call("POST", "/api/sign-in/root-key")).json());
    const request = await beginClientSignIn();
    const response = await post("/api/sign-in/continue", { request }, { token });
    const { redirect_url: url } = outcomeSchema.parse(await response.json());
    const { code, state } = Object.fromEntries(new URL(url ?? "").searchParams);
    expect((await post("/api/oauth/exchange", { code, state })).status).toBe(200);
    expect((await post("/api/sign-in/continue", { request }, { token })).status).toBe(400);
    expect(
      (await post("/api/sign-in/continue", { request: await beginClientSignIn() }, { token: await createApiKey() }))
        .status,
    ).toBe(403);
  });
});

describe("a one-time link", () => {
  async function createLink(userId: string, options: CallOptions = {}): Promise<string> {
    const response = await call("POST", "/api/sign-in/links", { json: { user_id: userId }, ...options });
    expect(response.status).toBe(201);
    const { url } = await response.json<{ url: string }>();
    expect(url).toMatch(/^https:\/\/tintype\.test\/sign-in#link=[\w-]{43}$/);
    return url.slice(url.indexOf("=") + 1);
  }

  it("signs its user in once", async () => {
    const userId = await insertUser();
    const secret = await createLink(userId);
    expect(JSON.stringify(await sqlAll("SELECT * FROM sign_in_links"))).not.toContain(secret);
    const responses = await Promise.all([1, 2, 3].map(() => post("/api/sign-in/link", { secret })));
    expect(responses.map(({ status }) => String(status)).toSorted()).toEqual(["200", "401", "401"]);
    const accepted = responses.find(({ status }) => status === 200);
    expect(await userOf(outcomeSchema.parse(await accepted?.json()).access_token)).toBe(userId);
  });

  it("ends when a newer one is made, and when its user is deactivated", async () => {
    const userId = await insertUser();
    const older = await createLink(userId);
    const newer = await createLink(userId);
    expect((await post("/api/sign-in/link", { secret: older })).status).toBe(401);
    await call("PATCH", `/api/users/${userId}`, { json: { is_active: false } });
    expect((await post("/api/sign-in/link", { secret: newer })).status).toBe(401);
    expect((await call("POST", "/api/sign-in/links", { json: { user_id: userId } })).status).toBe(409);
  });

  it("expires after an hour", async () => {
    const secret = await createLink(await insertUser());
    const late = testContext({ nowMs: Date.now() + DEFAULT_LINK_LIFETIME_SECONDS * 1000 });
    await expect(redeemSignInLink(late, secret)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("is made by the owner only", async () => {
    const userId = await insertUser();
    const json = { user_id: userId };
    const { token } = await signIn(userId);
    expect((await call("POST", "/api/sign-in/links", { json, token })).status).toBe(403);
    expect((await call("POST", "/api/sign-in/links", { json, token: await createApiKey() })).status).toBe(403);
    expect((await call("POST", "/api/sign-in/links", { json, token: (await signIn(ownerId)).token })).status).toBe(201);
  });

  it.each(["x", "A".repeat(43), "A".repeat(128)])("with the wrong secret %s signs nobody in", async (secret) => {
    expect((await post("/api/sign-in/link", { secret })).status).toBe(401);
  });
});

describe("signing up with a passkey", () => {
  const person = { name: " Anna Example ", email: "anna@example.com" };
  const open = { env: { SIGN_UPS: "anyone" } };

  async function signUp(device: SoftwareAuthenticator, options: CallOptions = open): Promise<Response> {
    const created = await post("/api/sign-in/sign-up/options", person, options);
    if (created.status !== 200) return created;
    const credential = await device.create(creationOptions.parse(await created.json()));
    return await post("/api/sign-in/sign-up", { ...person, credential, passkey_name: "Phone" }, options);
  }

  it("creates the user, whose e-mail address is not verified", async () => {
    const device = new SoftwareAuthenticator(ORIGIN);
    const response = await signUp(device);
    expect(response.status).toBe(200);
    const { access_token: token } = await response.json<{ access_token: string }>();
    expect(await (await call("GET", "/api/users/me", { token })).json()).toMatchObject({
      first_name: "Anna Example",
      email: "anna@example.com",
      is_verified: false,
      is_superuser: false,
    });
    const again = await passkeySignIn(device, null);
    expect(await userOf(outcomeSchema.parse(await again.json()).access_token)).toBe(await userOf(token));
  });

  it("adds a second passkey with the same user handle", async () => {
    const [phone, tablet] = [new SoftwareAuthenticator(ORIGIN), new SoftwareAuthenticator(ORIGIN)];
    const { access_token: token } = await (await signUp(phone)).json<{ access_token: string }>();
    await addPasskey(token, tablet, "Tablet");
    expect(tablet.passkeys[0]?.userHandle).toBe(phone.passkeys[0]?.userHandle);
    expect((await passkeySignIn(tablet, null)).status).toBe(200);
  });

  it.each(["invited", "nobody", "example.com"])("is refused when SIGN_UPS is %s", async (policy) => {
    const response = await signUp(new SoftwareAuthenticator(ORIGIN), { env: { SIGN_UPS: policy } });
    expect(response.status).toBe(403);
  });

  it("never makes the owner of an unverified address", async () => {
    const options = { env: { SIGN_UPS: "anyone", OWNER_EMAIL: person.email } };
    const response = await signUp(new SoftwareAuthenticator(ORIGIN), options);
    const { access_token: token } = await response.json<{ access_token: string }>();
    expect(await userOf(token)).not.toBe(ownerId);
  });

  it("is refused with an OpenID provider, which knows the users", async () => {
    const oidc = { OIDC_ISSUER: "https://id.example.com", OIDC_CLIENT_ID: "tintype" };
    const response = await signUp(new SoftwareAuthenticator(ORIGIN), { env: { ...open.env, ...oidc } });
    expect(response.status).toBe(403);
  });
});

describe("signing up with an invitation", () => {
  const person = { name: "Anna Example" };

  async function signUp(invitation: Link | null, device = new SoftwareAuthenticator(ORIGIN)): Promise<Response> {
    const created = await post("/api/sign-in/sign-up/options", { ...person, invitation });
    if (created.status !== 200) return created;
    const credential = await device.create(creationOptions.parse(await created.json()));
    return await post("/api/sign-in/sign-up", { ...person, invitation, credential, passkey_name: "Phone" });
  }

  const signedUp = z.object({ access_token: z.string(), library: z.object({ name: z.string() }).nullable() });

  it("creates the user, who has joined the library", async () => {
    const libraryId = await createLibrary("Holidays");
    const link = await invite(ROOT_API_KEY, libraryId);
    const offer = await post("/api/sign-in/invitation", link);
    expect(await offer.json()).toMatchObject({
      library: { name: "Holidays", owner: { id: ownerId } },
      offered_role: "viewer",
      eligibility: "joinable",
    });
    const { access_token: token, library } = signedUp.parse(await (await signUp(link)).json());
    expect(library).toEqual({ name: "Holidays" });
    const shared = await call("GET", `/api/libraries/${libraryId}`, { token });
    expect(await shared.json()).toMatchObject({ id: libraryId, role: "viewer" });
  });

  it("admits as many as there are places, also at the same time", async () => {
    const libraryId = await createLibrary("Small party");
    const link = await invite(ROOT_API_KEY, libraryId, { max_joiners: 2 });
    const countAccounts = async () =>
      await sqlAll("SELECT count(*) AS users, (SELECT count(*) FROM passkeys) AS passkeys FROM users");
    const [before] = await countAccounts();
    const responses = await Promise.all(Array.from({ length: 5 }, () => signUp(link)));
    const accepted = responses.filter(({ status }) => status === 200);
    const joined = (await Promise.all(accepted.map(async (each) => signedUp.parse(await each.json())))).filter(
      ({ library }) => library !== null,
    );
    expect(joined).toHaveLength(2);
    expect(responses.filter(({ status }) => status === 403)).toHaveLength(3);
    expect(await countAccounts()).toEqual([
      { users: Number(before?.["users"]) + 2, passkeys: Number(before?.["passkeys"]) + 2 },
    ]);
    expect((await signUp(link)).status).toBe(403);
    expect(await (await post("/api/sign-in/invitation", link)).json()).toMatchObject({ eligibility: "exhausted" });
  });

  it("is refused without one, with a wrong secret and with one that has ended", async () => {
    const libraryId = await createLibrary("Closed");
    const link = await invite(ROOT_API_KEY, libraryId);
    const wrong = { ...link, secret: link.secret.replace(/^./, (letter) => (letter === "A" ? "B" : "A")) };
    expect((await signUp(null)).status).toBe(403);
    expect((await signUp(wrong)).status).toBe(403);
    expect((await post("/api/sign-in/invitation", wrong)).status).toBe(404);
    await call("POST", `/api/libraries/invitations/${link.id}/disable`);
    expect((await signUp(link)).status).toBe(403);
    expect(await (await post("/api/sign-in/invitation", link)).json()).toMatchObject({ eligibility: "disabled" });
  });
});

describe("GET /api/sign-in", () => {
  async function offer(query = "", options: CallOptions = {}): Promise<unknown> {
    const response = await call("GET", `/api/sign-in${query}`, { token: null, ...options });
    expect(response.status).toBe(200);
    return await response.json();
  }

  it("says what the page can offer", async () => {
    const expected = { origin: ORIGIN, has_openid_provider: false, sign_up: "invited", redirect_uri: null };
    expect(await offer()).toEqual(expected);
    expect(await offer("", { env: { SIGN_UPS: "anyone" } })).toEqual({ ...expected, sign_up: "open" });
    expect(await offer("", { env: { SIGN_UPS: "nobody" } })).toEqual({ ...expected, sign_up: "closed" });
    expect(await offer(`?request=${await beginClientSignIn()}`)).toEqual({ ...expected, redirect_uri: APP });
  });

  it("refuses the sign-in of a client that nobody began", async () => {
    expect((await call("GET", "/api/sign-in?request=nothing", { token: null })).status).toBe(400);
  });
});

describe("the scheduled sweep", () => {
  it("deletes challenges and links that nobody used in time", async () => {
    await post("/api/sign-in/passkey/options", {});
    await call("POST", "/api/sign-in/links", { json: { user_id: await insertUser() } });
    const later: Partial<Context> = { nowMs: Date.now() + DEFAULT_LINK_LIFETIME_SECONDS * 1000 + 1000 };
    expect(await sweepSignInSecrets(testContext(later))).toBeGreaterThanOrEqual(2);
    expect(await sqlAll("SELECT 1 FROM passkey_challenges UNION ALL SELECT 1 FROM sign_in_links")).toEqual([]);
  });
});
