import type { Context } from "../../context.ts";

/** The page of this deployment that ends the session of a browser. */
export const SIGN_OUT_PATH = "/sign-out";

/**
 * The URL at which a user signs out: the OpenID provider's, or the page of this deployment at `origin`.
 *
 * @throws {AppError} `bad_request` for a failing provider.
 */
export async function logoutEndpoint({ identityProvider }: Context, origin: string): Promise<string> {
  return (await identityProvider?.endSessionUrl()) ?? `${origin}${SIGN_OUT_PATH}`;
}
