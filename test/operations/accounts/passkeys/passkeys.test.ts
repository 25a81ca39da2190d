import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../../src/operations/context.ts";
import type { Principal } from "../../../../src/operations/accounts/authentication.ts";
import {
  addPasskey,
  deletePasskey,
  listPasskeys,
  MAX_PASSKEYS_PER_USER,
  renamePasskey,
  startAddingPasskey,
} from "../../../../src/operations/accounts/passkeys/passkeys.ts";
import { authenticatePasskey, startPasskeySignIn } from "../../../../src/operations/accounts/passkeys/passkeySignIn.ts";
import { CHALLENGE_LIFETIME_MS } from "../../../../src/operations/accounts/passkeys/webauthn.ts";
import { SoftwareAuthenticator, type Tampering } from "../../../support/clients/softwareAuthenticator.ts";
import { insertUser } from "../../../support/clients/tenants.ts";
import { testContext } from "../../../support/context.ts";

const ORIGIN = "https://photos.example.com";
const start = Date.now();

let context: Context;
let principal: Principal;
let authenticator: SoftwareAuthenticator;

function sessionOf(userId: string): Principal {
  return { userId, libraryIds: null, actions: ["read"], isSession: true, isOwner: false };
}

async function add(who = principal, name = "Phone", device = authenticator) {
  const credential = await device.create(await startAddingPasskey(context, who, ORIGIN));
  return await addPasskey(context, who, ORIGIN, { credential, name });
}

/** Signs in with the newest passkey of the authenticator. */
async function signIn(tampering: Tampering = {}, request: string | null = null): Promise<string> {
  const credential = await authenticator.get(await startPasskeySignIn(context, ORIGIN, request), tampering);
  return await authenticatePasskey(context, ORIGIN, credential, request);
}

beforeEach(async () => {
  context = testContext({ nowMs: start });
  principal = sessionOf(await insertUser());
  authenticator = new SoftwareAuthenticator(ORIGIN);
});

describe("a passkey", () => {
  it("signs its user in without a name, and records the use", async () => {
    const { id } = await add();
    await add(sessionOf(await insertUser()), "Other", new SoftwareAuthenticator(ORIGIN));
    context = testContext({ nowMs: start + 5000 });
    expect(await signIn()).toBe(principal.userId);
    expect(await listPasskeys(context, principal)).toEqual([
      expect.objectContaining({ id, name: "Phone", counter: 1, createdAt: start, lastUsedAt: start + 5000 }),
    ]);
  });

  it("whose authenticator does not count signs in again and again", async () => {
    authenticator = new SoftwareAuthenticator(ORIGIN, false);
    await add();
    expect([await signIn(), await signIn()]).toEqual([principal.userId, principal.userId]);
  });

  it("is refused when its counter goes back: it was copied", async () => {
    await add();
    await signIn();
    const [passkey] = authenticator.passkeys;
    if (passkey !== undefined) passkey.counter -= 1;
    await expect(signIn()).rejects.toMatchObject({ code: "unauthorized" });
    expect(await signIn()).toBe(principal.userId);
  });

  it("is refused after it was deleted", async () => {
    await add();
    const { id } = await add();
    await deletePasskey(context, principal, id, false);
    await expect(signIn()).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("of a deactivated user is refused", async () => {
    await add();
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(principal.userId).run();
    await expect(signIn()).rejects.toMatchObject({ code: "unauthorized", message: "this account is deactivated" });
  });

  it("is registered once", async () => {
    const credential = await authenticator.create(await startAddingPasskey(context, principal, ORIGIN));
    const [passkey] = authenticator.passkeys;
    await addPasskey(context, principal, ORIGIN, { credential, name: "Phone" });
    const other = sessionOf(await insertUser());
    const { challenge } = await startAddingPasskey(context, other, ORIGIN);
    const clientData = JSON.stringify({ type: "webauthn.create", challenge, origin: ORIGIN });
    credential.response.clientDataJSON = new TextEncoder()
      .encode(clientData)
      .toBase64({ alphabet: "base64url", omitPadding: true });
    await expect(addPasskey(context, other, ORIGIN, { credential, name: "Phone" })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(passkey).toBeDefined();
  });

  it.each(["ES256", "Ed25519", "RS256"] as const)("may sign with %s", async (algorithm) => {
    authenticator = new SoftwareAuthenticator(ORIGIN, true, algorithm);
    await add();
    expect(await signIn()).toBe(principal.userId);
    await expect(signIn({ rpId: "evil.example.com" })).rejects.toMatchObject({ code: "unauthorized" });
  });
});

describe("a challenge for a sign-in", () => {
  it("expires", async () => {
    await add();
    const options = await startPasskeySignIn(context, ORIGIN, null);
    context = testContext({ nowMs: start + CHALLENGE_LIFETIME_MS });
    const credential = await authenticator.get(options);
    await expect(authenticatePasskey(context, ORIGIN, credential, null)).rejects.toMatchObject({ code: "bad_request" });
  });

  it("works once, also when two use it at the same time", async () => {
    await add();
    const credential = await authenticator.get(await startPasskeySignIn(context, ORIGIN, null));
    const uses = [1, 2, 3].map(() => authenticatePasskey(context, ORIGIN, credential, null));
    const outcomes = (await Promise.allSettled(uses)).map(({ status }) => status).toSorted();
    expect(outcomes).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  it.each<[string, Tampering, string]>([
    ["nobody's", { challenge: "A".repeat(43) }, "bad_request"],
    ["signed on a page of another origin", { origin: "https://evil.example.com" }, "bad_request"],
    ["signed for another host", { rpId: "evil.example.com" }, "unauthorized"],
    ["signed with another user's handle", { userHandle: "aW50dXNlcl8y" }, "unauthorized"],
    ["signed without the user's PIN or biometrics", { isVerified: false }, "unauthorized"],
  ])("is refused when it is %s", async (_, tampering, code) => {
    await add();
    await expect(signIn(tampering)).rejects.toMatchObject({ code });
  });

  it("is refused with a signature over something else", async () => {
    await add();
    const credential = await authenticator.get(await startPasskeySignIn(context, ORIGIN, null));
    const other = await authenticator.get(await startPasskeySignIn(context, ORIGIN, null));
    const { signature } = other.response;
    const mixed = { ...credential, response: { ...credential.response, signature } };
    await expect(authenticatePasskey(context, ORIGIN, mixed, null)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("is bound to the sign-in request of a client", async () => {
    await add();
    for (const [created, used] of [
      ["one", "other"],
      ["one", null],
      [null, "one"],
    ] as const) {
      const credential = await authenticator.get(await startPasskeySignIn(context, ORIGIN, created));
      await expect(authenticatePasskey(context, ORIGIN, credential, used)).rejects.toMatchObject({
        code: "bad_request",
        message: "this passkey request is for another sign-in",
      });
    }
    expect(await signIn({}, "one")).toBe(principal.userId);
  });

  it("adds no passkey, and that of a new passkey signs nobody in", async () => {
    await add();
    const { challenge } = await startPasskeySignIn(context, ORIGIN, null);
    const options = await startAddingPasskey(context, principal, ORIGIN);
    const credential = await authenticator.create({ ...options, challenge });
    await expect(addPasskey(context, principal, ORIGIN, { credential, name: "x" })).rejects.toMatchObject({
      code: "bad_request",
    });
    const assertion = await authenticator.get({ challenge: options.challenge });
    await expect(authenticatePasskey(context, ORIGIN, assertion, null)).rejects.toMatchObject({ code: "bad_request" });
  });
});

describe("adding a passkey", () => {
  it.each<[string, Tampering]>([
    ["from a page of another origin", { origin: "https://evil.example.com" }],
    ["for another host", { rpId: "evil.example.com" }],
    ["with an altered challenge", { challenge: "A".repeat(43) }],
    ["without the user's PIN or biometrics", { isVerified: false }],
  ])("is refused %s", async (_, tampering) => {
    const credential = await authenticator.create(await startAddingPasskey(context, principal, ORIGIN), tampering);
    await expect(addPasskey(context, principal, ORIGIN, { credential, name: "x" })).rejects.toMatchObject({
      code: "bad_request",
    });
    expect(await listPasskeys(context, principal)).toEqual([]);
  });

  it("is refused with the challenge of another user", async () => {
    const other = sessionOf(await insertUser());
    const credential = await authenticator.create(await startAddingPasskey(context, other, ORIGIN));
    await expect(addPasskey(context, principal, ORIGIN, { credential, name: "x" })).rejects.toMatchObject({
      code: "bad_request",
    });
  });

  it("is refused with an API key", async () => {
    const apiKey = { ...principal, isSession: false };
    await expect(startAddingPasskey(context, apiKey, ORIGIN)).rejects.toMatchObject({ code: "forbidden" });
    await expect(listPasskeys(context, apiKey)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("are at most MAX_PASSKEYS_PER_USER, however many are added at the same moment", async () => {
    const credentials = [];
    for (let i = 0; i < MAX_PASSKEYS_PER_USER + 2; i++)
      credentials.push(await authenticator.create(await startAddingPasskey(context, principal, ORIGIN)));
    const added = await Promise.allSettled(
      credentials.map(
        async (credential) => await addPasskey(context, principal, ORIGIN, { credential, name: "Phone" }),
      ),
    );
    const errors = added.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
    expect(errors).toEqual([expect.stringContaining("at most 20"), expect.stringContaining("at most 20")]);
    const rows = await env.DB.prepare("SELECT id FROM passkeys WHERE user_id = ?").bind(principal.userId).all();
    expect(rows.results).toHaveLength(MAX_PASSKEYS_PER_USER);
  });

  it("excludes the passkeys that the user has, up to the limit", async () => {
    for (let i = 0; i < MAX_PASSKEYS_PER_USER - 1; i++) await add();
    const options = await startAddingPasskey(context, principal, ORIGIN);
    expect(options.excludeCredentials?.map(({ id }) => id)).toEqual(
      (await listPasskeys(context, principal)).map(({ credentialId }) => credentialId),
    );
    await add();
    await expect(startAddingPasskey(context, principal, ORIGIN)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("the passkeys of a user", () => {
  it("are renamed and deleted by their user only", async () => {
    const { id } = await add();
    const other = sessionOf(await insertUser());
    await expect(renamePasskey(context, other, id, "mine")).rejects.toMatchObject({ code: "not_found" });
    await expect(deletePasskey(context, other, id, true)).rejects.toMatchObject({ code: "not_found" });
    expect(await renamePasskey(context, principal, id, "Tablet")).toMatchObject({ name: "Tablet" });
  });

  it("keep the last one unless its loss is accepted", async () => {
    const { id: first } = await add();
    const { id: second } = await add();
    await deletePasskey(context, principal, first, false);
    await expect(deletePasskey(context, principal, second, false)).rejects.toMatchObject({ code: "conflict" });
    await deletePasskey(context, principal, second, true);
    expect(await listPasskeys(context, principal)).toEqual([]);
  });
});
