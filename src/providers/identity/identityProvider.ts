/** Proves who somebody is. The built-in sign-in page needs none. */
import { AppError } from "../../kernel/errors.ts";

/** The error of a sign-in that is over, whatever failed. */
export function signInFailure(reason: string): AppError {
  return new AppError("bad_request", `sign-in failed: ${reason}`);
}

export interface AuthorizationRequest {
  redirectUri: string;
  state: string;
  nonce: string;
  /** PKCE challenge with S256 (RFC 7636). */
  codeChallenge: string;
}

export interface CodeRedemption {
  code: string;
  redirectUri: string;
  nonce: string;
  codeVerifier: string;
}

/** A person as the provider knows them. */
export interface ProviderIdentity {
  /** The provider's `iss`. A `sub` is unique only within its issuer. */
  issuer: string;
  subject: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
}

/** Every method throws `bad_request` with the reason when the provider fails or its answer is not to be trusted. */
export interface IdentityProvider {
  /** The URL at which the user signs in. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /** Exchanges the provider's code for a verified identity. */
  redeemCode(redemption: CodeRedemption): Promise<ProviderIdentity>;
  /** The URL that ends the user's session at the provider; null if it has none. */
  endSessionUrl(): Promise<string | null>;
}
