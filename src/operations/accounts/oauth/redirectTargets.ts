/** Decides where a sign-in may end. */
import type { Config } from "../../../kernel/config.ts";
import { isLoopbackUrl, isRedirectTarget } from "../../../kernel/settings/signInSettings.ts";

/** The page of this deployment that receives the code of a sign-in on its own pages. */
export const SIGNED_IN_PATH = "/signed-in";

/**
 * Whether a redirect target is registered, compared character by character (RFC 9700, 2.1): the settings' targets, and
 * `SIGNED_IN_PATH` of this deployment at `origin`. Local development takes every port of the same machine.
 */
export function isRegistered({ signIn, production }: Config, origin: string, uri: string): boolean {
  if (uri === `${origin}${SIGNED_IN_PATH}` || signIn.redirectUris.includes(uri)) return true;
  return !production && isRedirectTarget(uri, production) && isLoopbackUrl(new URL(uri));
}

/** Appends the parameters of an authorization response to a redirect target, which may already have a query. */
export function withParameters(uri: string, parameters: Record<string, string>): string {
  return `${uri}${uri.includes("?") ? "&" : "?"}${new URLSearchParams(parameters).toString()}`;
}
