/** Sessions of users who are signed in without a page, and tokens that nobody issued. */
import { env } from "cloudflare:workers";
import { deriveKey } from "../../../src/operations/accounts/derivedKeys.ts";
import { finishSignIn } from "../../../src/operations/accounts/oauth/signInRequests.ts";
import { createSession } from "../../../src/operations/accounts/sessions/sessions.ts";
import { testContext } from "../context.ts";

export const SIGNING_KEY = String(env.MEDIA_SIGNING_KEY);

/** Signs a user in. */
export async function signIn(userId: string, label = "test"): Promise<{ token: string; sessionId: string }> {
  return await createSession(testContext(), userId, label);
}

/** The state of a sign-in, which the URL of its page has. */
export function stateOf({ url }: { url: string }): string {
  return new URL(url).searchParams.get("request") ?? "";
}

/** Signs a user in on the page of a sign-in, and returns the parameters of its redirect to the client. */
export async function finishPage(page: { url: string }, userId: string): Promise<{ code: string; state: string }> {
  const redirect = new URL(await finishSignIn(testContext(), stateOf(page), userId));
  return { code: redirect.searchParams.get("code") ?? "", state: redirect.searchParams.get("state") ?? "" };
}

function encode(part: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(part));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  const bytes = Uint8Array.fromBase64(token.split(".")[1] ?? "", { alphabet: "base64url" });
  const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return Object.fromEntries(Object.entries(claims ?? {}));
}

/** Signs a token with the key that belongs to a secret and a purpose, with any header and claims. */
export async function forgeToken(
  claims: Record<string, unknown>,
  options: { secret?: string; purpose?: string; header?: Record<string, unknown> } = {},
): Promise<string> {
  const { secret = SIGNING_KEY, purpose = "session token", header = { alg: "HS256", typ: "JWT" } } = options;
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(
    "HMAC",
    await deriveKey(secret, purpose),
    new TextEncoder().encode(signed),
  );
  return `${signed}.${new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true })}`;
}
