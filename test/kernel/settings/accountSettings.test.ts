import { describe, expect, it } from "vitest";
import {
  admits,
  isOwnerEmail,
  parseAccountSettings,
  type SignUpPolicy,
} from "../../../src/kernel/settings/accountSettings.ts";
import { AppError } from "../../../src/kernel/errors.ts";

const policy = (text: string): SignUpPolicy => parseAccountSettings({ SIGN_UPS: text }).signUps;

describe("SIGN_UPS", () => {
  it.each([
    ["nobody", "ann@example.com", true, false],
    ["anyone", null, false, true],
    ["invited", "ann@example.com", false, false],
    ["invited", null, true, true],
    ["example.com", "ann@example.com", false, true],
    ["example.com", "ann@EXAMPLE.com", false, true],
    ["@Example.com", "ann@example.com", false, true],
    ["example.com", "ann@sub.example.com", false, false],
    ["example.com", "ann@notexample.com", false, false],
    ["example.com", null, true, false],
    ["invited, example.com, example.org", "ann@example.org", false, true],
    ["invited, example.com", "ann@example.net", true, true],
  ])("%s, with the verified address %s, invited %s: %s", (text, email, isInvited, isAdmitted) => {
    expect(admits(policy(text), email, isInvited)).toBe(isAdmitted);
  });

  it("is invited by default, and rejects what is neither a policy nor a domain", () => {
    expect(parseAccountSettings({}).signUps).toEqual({ kind: "listed", invited: true, domains: [] });
    for (const text of [
      "everyone",
      "Nobody ",
      "example",
      "*.example.com",
      "invited,",
      "anyone, example.com",
      "a b.com",
    ])
      expect(() => policy(text), text).toThrow(AppError);
  });
});

describe("OWNER_EMAIL", () => {
  it("is compared without the case of ASCII letters alone", () => {
    const settings = parseAccountSettings({ OWNER_EMAIL: "Kim@Example.com" });
    expect(isOwnerEmail(settings, "kim@example.COM")).toBe(true);
    // The Kelvin sign, whose lower case in Unicode is "k"; a dotless i; a fullwidth letter; a precomposed letter.
    for (const email of [
      "\u212Aim@example.com",
      "k\u0131m@example.com",
      "\uff4bim@example.com",
      "kim@ex\u00e4mple.com",
    ])
      expect(isOwnerEmail(settings, email), email).toBe(false);
  });

  it("has a default that is nobody's address", () => {
    const settings = parseAccountSettings({});
    expect(settings.ownerEmail).toBe("owner@tintype.invalid");
    expect(isOwnerEmail(settings, "owner@tintype.invalid")).toBe(false);
  });

  it("rejects a malformed or overlong address", () => {
    for (const OWNER_EMAIL of ["ann", "@b", "a@", "a b@c.de", "a@b@c", "a\u0000b@c.de", `${"a".repeat(250)}@b.de`])
      expect(() => parseAccountSettings({ OWNER_EMAIL }), OWNER_EMAIL).toThrow(AppError);
  });
});
