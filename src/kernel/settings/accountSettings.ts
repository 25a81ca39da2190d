/** Parses the settings of accounts: the owner's name and address, and who may sign up. */
import { emailDomain, foldEmail, parseEmail } from "../email.ts";
import { AppError } from "../errors.ts";
import { fitsJsonBytes, MAX_NAME_BYTES } from "../textLimits.ts";
import { text, type Vars } from "./vars.ts";

/** Decides which people without an account get one at their first sign-in: docs/users.md. */
export type SignUpPolicy =
  | { kind: "nobody" }
  | { kind: "anyone" }
  /** Holders of an invitation, and verified addresses of these domains. */
  | { kind: "listed"; invited: boolean; domains: string[] };

export interface AccountSettings {
  ownerEmail: string;
  ownerName: string | null;
  signUps: SignUpPolicy;
}

/** An address that no provider can verify (RFC 2606). Clients of the Immich API require one of every account. */
export const DEFAULT_OWNER_EMAIL = "owner@tintype.invalid";

const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

function ownerEmail(vars: Vars): string {
  const value = text(vars, "OWNER_EMAIL") ?? DEFAULT_OWNER_EMAIL;
  const email = parseEmail(value);
  if (email !== null) return email;
  throw new AppError("not_configured", `OWNER_EMAIL must be an e-mail address, not "${value}"`);
}

function ownerName(vars: Vars): string | null {
  const name = text(vars, "OWNER_NAME");
  if (name === null || fitsJsonBytes(name, MAX_NAME_BYTES)) return name;
  throw new AppError("not_configured", `OWNER_NAME must be at most ${MAX_NAME_BYTES} bytes`);
}

function signUps(vars: Vars): SignUpPolicy {
  const value = text(vars, "SIGN_UPS") ?? "invited";
  if (value === "nobody" || value === "anyone") return { kind: value };
  const listed = value.split(",").map((item) => foldEmail(item.trim()).replace(/^@/, ""));
  const domains = listed.filter((item) => item !== "invited");
  if (domains.every((domain) => DOMAIN.test(domain))) {
    return { kind: "listed", invited: listed.includes("invited"), domains };
  }
  const allowed = "nobody, anyone, or a list of invited and domains, such as: invited, example.com";
  throw new AppError("not_configured", `SIGN_UPS must be ${allowed}; not "${value}"`);
}

export function parseAccountSettings(vars: Vars): AccountSettings {
  return { ownerEmail: ownerEmail(vars), ownerName: ownerName(vars), signUps: signUps(vars) };
}

/** Whether the address is the owner's. The default address is nobody's. */
export function isOwnerEmail(settings: AccountSettings, email: string): boolean {
  const isSet = foldEmail(settings.ownerEmail) !== DEFAULT_OWNER_EMAIL;
  return isSet && foldEmail(email) === foldEmail(settings.ownerEmail);
}

/** Whether the policy admits somebody without an account. `email` is a verified address, or null. */
export function admits(policy: SignUpPolicy, email: string | null, isInvited: boolean): boolean {
  if (policy.kind !== "listed") return policy.kind === "anyone";
  if (policy.invited && isInvited) return true;
  return email !== null && policy.domains.includes(emailDomain(email));
}
