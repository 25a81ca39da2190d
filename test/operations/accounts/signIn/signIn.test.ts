import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../../src/kernel/config.ts";
import type { Context } from "../../../../src/operations/context.ts";
import { resolveSignIn, type Identity, type SignInResult } from "../../../../src/operations/accounts/signIn/signIn.ts";
import { getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { testContext } from "../../../support/context.ts";

function contextWith(vars: Record<string, string>): Context {
  return testContext({ config: parseConfig({ ...env, OWNER_EMAIL: "kim@example.com", ...vars }) });
}

let serial = 0;

function identity(fields: Partial<Identity> = {}): Identity {
  serial += 1;
  const person = { email: `person${serial}@example.org`, emailVerified: true, name: "Ann" };
  return { issuer: "https://id.example", subject: `sub-${serial}`, ...person, ...fields };
}

function userIdOf(result: SignInResult): string {
  if ("refusal" in result) throw new Error(result.refusal);
  return result.userId;
}

const anyone = contextWith({ SIGN_UPS: "anyone" });

describe("a sign-in", () => {
  it("is the owner's with the verified OWNER_EMAIL in any case, whatever the subject and the policy", async () => {
    const { userId } = await getRootOwner();
    const closed = contextWith({ SIGN_UPS: "nobody" });
    for (const email of ["kim@example.com", "KIM@Example.com"]) {
      expect(await resolveSignIn(closed, identity({ email }), false)).toEqual({
        userId,
        isNew: false,
        needsInvitation: false,
      });
    }
  });

  it("is not the owner's with an unverified or merely similar address", async () => {
    const { userId } = await getRootOwner();
    const pretenders = [
      identity({ email: "kim@example.com", emailVerified: false }),
      identity({ email: "\u212Aim@example.com" }),
      identity({ email: "kim@example.com.evil.example" }),
      identity({ email: null }),
    ];
    for (const pretender of pretenders) {
      expect(userIdOf(await resolveSignIn(anyone, pretender, false))).not.toBe(userId);
    }
  });

  it("never becomes the owner's by a subject named root", async () => {
    const { userId } = await getRootOwner();
    for (const issuer of ["https://id.example", "", "root"]) {
      const result = await resolveSignIn(anyone, identity({ issuer, subject: "root" }), false);
      expect(userIdOf(result), issuer).not.toBe(userId);
    }
  });

  it("finds the user of the subject again, and keeps apart the same subject of another issuer", async () => {
    const ann = identity();
    const first = await resolveSignIn(anyone, ann, false);
    expect(first).toMatchObject({ isNew: true });
    expect(await resolveSignIn(contextWith({ SIGN_UPS: "nobody" }), ann, false)).toEqual({
      ...first,
      isNew: false,
      needsInvitation: false,
    });
    const other = await resolveSignIn(anyone, { ...ann, issuer: "https://other.example" }, false);
    expect(other).toMatchObject({ isNew: true });
    expect(userIdOf(other)).not.toBe(userIdOf(first));
  });

  it("never joins two identities by their address", async () => {
    const email = "shared@example.org";
    const first = userIdOf(await resolveSignIn(anyone, identity({ email, emailVerified: false }), false));
    const second = userIdOf(await resolveSignIn(anyone, identity({ email }), false));
    expect(second).not.toBe(first);
  });

  it("creates one user when the first sign-ins are concurrent", async () => {
    const ann = identity();
    const results = await Promise.all(Array.from({ length: 10 }, async () => await resolveSignIn(anyone, ann, false)));
    expect(new Set(results.map(userIdOf)).size).toBe(1);
    expect(await sqlAll("SELECT id FROM users WHERE subject = ?", `${ann.issuer} ${ann.subject}`)).toHaveLength(1);
  });

  it("is refused by the policy", async () => {
    const invited = contextWith({});
    const domain = contextWith({ SIGN_UPS: "example.org" });
    const refusal = async (context: Context, person: Identity, isInvited = false) =>
      await resolveSignIn(context, person, isInvited);
    expect(await refusal(contextWith({ SIGN_UPS: "nobody" }), identity(), true)).toEqual({
      refusal: "sign_ups_closed",
    });
    expect(await refusal(invited, identity())).toEqual({ refusal: "not_admitted" });
    expect(await refusal(domain, identity({ email: "a@example.net" }))).toEqual({ refusal: "not_admitted" });
    expect(await refusal(domain, identity({ emailVerified: false }))).toEqual({ refusal: "not_admitted" });
    expect(await refusal(invited, identity(), true)).toMatchObject({ isNew: true, needsInvitation: true });
    expect(await refusal(domain, identity())).toMatchObject({ isNew: true, needsInvitation: false });
  });

  it("is refused once the user is deactivated", async () => {
    const ann = identity();
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?")
      .bind(userIdOf(await resolveSignIn(anyone, ann, false)))
      .run();
    expect(await resolveSignIn(anyone, ann, true)).toEqual({ refusal: "deactivated" });
  });

  it("keeps the newest address and name that the provider gives", async () => {
    const ann = identity({ name: "Ann" });
    const id = userIdOf(await resolveSignIn(anyone, ann, false));
    const stored = async () => await sqlAll("SELECT email, is_verified, first_name FROM users WHERE id = ?", id);
    await resolveSignIn(anyone, { ...ann, email: "new@example.org", emailVerified: false, name: " Anne " }, false);
    expect(await stored()).toEqual([{ email: "new@example.org", is_verified: 0, first_name: "Anne" }]);
    await resolveSignIn(anyone, { ...ann, email: null, name: null }, false);
    expect(await stored()).toEqual([{ email: "new@example.org", is_verified: 0, first_name: "Anne" }]);
  });

  it("stores no malformed or overlong address, and cuts a long name", async () => {
    for (const email of ["nobody", "a b@c.de", `${"a".repeat(300)}@b.de`]) {
      const id = userIdOf(await resolveSignIn(anyone, identity({ email, name: "n".repeat(5000) }), false));
      const [row] = await sqlAll("SELECT email, is_verified, length(first_name) AS length FROM users WHERE id = ?", id);
      expect(row).toEqual({ email: null, is_verified: 0, length: 1024 });
    }
  });
});
