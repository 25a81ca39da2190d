/** Requests to an OpenID provider with a bound on time and memory. */
import { readTextLimited } from "../httpResponses.ts";
import { signInFailure } from "./identityProvider.ts";

/** Time for one answer of the provider, its body included. */
export const PROVIDER_TIMEOUT_MS = 5000;
/** Longest answer of the provider in characters: a discovery document has about 5,000, a key set up to 20,000. */
export const MAX_PROVIDER_CHARACTERS = 256 * 1024;

/** Statuses whose responses have no body. */
const EMPTY_STATUSES = new Set([101, 103, 204, 205, 304]);

interface BoundedRequest {
  method: string;
  headers: Record<string, string>;
  body?: BodyInit | undefined;
}

/** Fetches without following redirects, and reads the whole body, so that the time limit covers it. */
export async function boundedFetch(url: string, { method, headers, body }: BoundedRequest): Promise<Response> {
  const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
  const response = await fetch(url, { method, headers, body: body ?? null, redirect: "manual", signal });
  const text = await readTextLimited(response, MAX_PROVIDER_CHARACTERS);
  if (text === null) {
    const size = `${MAX_PROVIDER_CHARACTERS / 1024} KiB`;
    throw signInFailure(`an answer of the identity provider is larger than ${size}`);
  }
  const { status } = response;
  return new Response(EMPTY_STATUSES.has(status) ? null : text, { status, headers: response.headers });
}
