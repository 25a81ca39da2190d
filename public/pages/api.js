// Calls the API. The session's token lives in this tab only: docs/decisions/0040.
import { toBase64Url } from "./base64url.js";

const TOKEN = "tintype-token";
const NEXT = "tintype-next";
const OAUTH = "tintype-oauth";
const OWN_PAGES = ["/account", "/join"];
const storage = globalThis.sessionStorage;

export const session = {
  get token() {
    return storage.getItem(TOKEN);
  },
  begin: (token) => storage.setItem(TOKEN, token),
  end: () => storage.removeItem(TOKEN),
};

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The API's text without the names of parameters in front of it. */
function errorText(status, body) {
  if (Array.isArray(body?.detail)) return body.detail.map((issue) => issue.msg).join("; ");
  return body?.message ?? `The service answered with ${status}.`;
}

/** Sends a request with the session's token, or `token`, and returns the parsed answer. */
export async function api(method, path, json = undefined, token = session.token) {
  const headers = {};
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  const body = json === undefined ? undefined : JSON.stringify(json);
  const response = await fetch(path, { method, headers, body, cache: "no-store" }).catch(() => {
    throw new ApiError(0, "The service does not answer. Check the connection and try again.");
  });
  const answer = await response.json().catch(() => null);
  const renewed = response.headers.get("x-new-access-token");
  if (renewed !== null && token === session.token) session.begin(renewed);
  if (response.ok) return answer;
  if (response.status === 401 && token !== null && token === session.token) session.end();
  throw new ApiError(response.status, errorText(response.status, answer));
}

/** Makes this page, fragment included, the one that follows the next sign-in. */
export function comeBackHere() {
  const { pathname, hash } = globalThis.location;
  storage.setItem(NEXT, pathname + hash);
}

export function signInFirst() {
  comeBackHere();
  globalThis.location.replace("/sign-in");
}

/** Goes on after a sign-in: to the page that asked for it. Only our own pages are ever stored or taken. */
export function goOn() {
  const next = storage.getItem(NEXT) ?? "/account";
  storage.removeItem(NEXT);
  const isOwn = OWN_PAGES.some((page) => next === page || next.startsWith(`${page}#`));
  globalThis.location.replace(isOwn ? next : "/account");
}

/** Begins a sign-in with the OpenID provider, with PKCE. `invitation` admits somebody without an account. */
export async function startProviderSignIn(invitation = null) {
  const verifier = toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(32)));
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    redirect_uri: `${globalThis.location.origin}/signed-in`,
    code_challenge: toBase64Url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  const { url } = await api("GET", `/api/oauth/auth-url?${query}`, undefined, null);
  const state = new URL(url).searchParams.get("state");
  storage.setItem(OAUTH, JSON.stringify({ verifier, state, invitation }));
  globalThis.location.assign(url);
}

/** What `startProviderSignIn` kept for the way back; null if this tab began no sign-in. */
export function takeProviderSignIn() {
  const kept = JSON.parse(storage.getItem(OAUTH) ?? "null");
  storage.removeItem(OAUTH);
  return kept;
}
