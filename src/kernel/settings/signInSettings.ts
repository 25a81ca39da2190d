/** Parses the settings of sign-in: the identity source and the registered redirect targets. */
import { AppError } from "../errors.ts";
import { text, type Vars } from "./vars.ts";

/** The built-in sign-in page, or an OpenID provider: docs/sign-in.md. */
export type IdentitySource =
  | { kind: "built-in" }
  | { kind: "oidc"; issuer: string; clientId: string; clientSecret: string | null };

export interface SignInSettings {
  identitySource: IdentitySource;
  /** Where a sign-in may end, compared character by character. */
  redirectUris: string[];
}

/** The Immich app. */
export const DEFAULT_REDIRECT_URIS = ["app.immich:///oauth-callback"];
/** Longest redirect target in characters. */
export const MAX_REDIRECT_URI_CHARACTERS = 2000;

/** Schemes that run code or read files of the device that follows the redirect. */
const FORBIDDEN_SCHEMES = new Set(["javascript:", "data:", "vbscript:", "file:", "blob:", "about:", "view-source:"]);

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a URL leads to the machine that opens it. */
export function isLoopbackUrl(url: URL): boolean {
  return url.protocol === "http:" && LOOPBACK_HOSTS.has(url.hostname);
}

/** Whether codes may be sent to a target: an absolute URL without fragment or user, over TLS or to an app. */
export function isRedirectTarget(uri: string, production: boolean): boolean {
  if (uri.length > MAX_REDIRECT_URI_CHARACTERS || /[#*\s\\]/.test(uri) || !URL.canParse(uri)) return false;
  const url = new URL(uri);
  if (FORBIDDEN_SCHEMES.has(url.protocol) || url.username !== "" || url.password !== "") return false;
  return url.protocol !== "http:" || !production || isLoopbackUrl(url);
}

function redirectUris(vars: Vars, production: boolean): string[] {
  const listed = (text(vars, "REDIRECT_URIS") ?? "").split(/[\s,]+/).filter((uri) => uri !== "");
  const wrong = listed.find((uri) => !isRedirectTarget(uri, production));
  if (wrong === undefined) return [...DEFAULT_REDIRECT_URIS, ...listed];
  const form = "whole https or app URLs without a fragment or a wildcard, separated by commas";
  throw new AppError("not_configured", `REDIRECT_URIS must be ${form}; not "${wrong}"`);
}

function issuer(value: string, production: boolean): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && !production);
  if (url !== null && isSecure && url.search === "" && url.hash === "" && url.username === "") return value;
  const form = "the https URL in the provider's discovery document, such as https://accounts.example.com";
  throw new AppError("not_configured", `OIDC_ISSUER must be ${form}; not "${value}"`);
}

function identitySource(vars: Vars, production: boolean): IdentitySource {
  const value = text(vars, "OIDC_ISSUER");
  const clientId = text(vars, "OIDC_CLIENT_ID");
  if (value === null && clientId === null) return { kind: "built-in" };
  if (value === null) throw new AppError("not_configured", "OIDC_CLIENT_ID requires OIDC_ISSUER");
  if (clientId === null) throw new AppError("not_configured", "OIDC_ISSUER requires OIDC_CLIENT_ID");
  return {
    kind: "oidc",
    issuer: issuer(value, production),
    clientId,
    clientSecret: text(vars, "OIDC_CLIENT_SECRET"),
  };
}

export function parseSignInSettings(vars: Vars, production: boolean): SignInSettings {
  return { identitySource: identitySource(vars, production), redirectUris: redirectUris(vars, production) };
}
