/** The caller of an operation. */
import type { Action } from "../../records/accounts/actions.ts";
import type { KnownLibrary } from "../../records/libraries/knownLibraries.ts";
import type { LibraryScope } from "../../records/libraries/libraryScope.ts";

/** The authenticated user, limited to what the credential allows. */
export interface Principal extends LibraryScope {
  actions: readonly Action[];
  /** True for a signed-in user and for the root key, false for an API key, which can't manage the account. */
  isSession: boolean;
  /** True for the root key and for a signed-in owner of the deployment, who administrate it. */
  isOwner: boolean;
  /**
   * Up to two live libraries in scope at the time of the authentication, which may be 30 s ago: `likelyLibrary` guesses
   * from them.
   */
  knownLibraries?: readonly KnownLibrary[];
}

export interface AuthenticatedPrincipal extends Principal {
  /** Id of the API key or the session; a constant for the root key. */
  credentialId: string;
  /** `iat` of a session's token, in milliseconds. */
  tokenIssuedAtMs?: number;
}
