/**
 * Remembers authenticated principals, so that a read needs no query for its credential. Changes never use this memory.
 * A key that was revoked in another isolate reads for at most `PRINCIPAL_MEMORY_MS` more; docs/credentials.md.
 */
import { ExpiringMap } from "../../kernel/expiringMap.ts";
import type { AuthenticatedPrincipal } from "./principal.ts";

/** How long reads trust an authentication. */
export const PRINCIPAL_MEMORY_MS = 30_000;
/** Principals that an isolate remembers: 4 MB if each has a key for 200 libraries. */
export const MAX_REMEMBERED_PRINCIPALS = 500;

const principals = new ExpiringMap<AuthenticatedPrincipal>(MAX_REMEMBERED_PRINCIPALS);

/** Counts revocations, because a lookup that began before one may end after it. */
let revocations = 0;

/** Finds the principal of a secret's hash. */
export function findKnownPrincipal(hash: string, nowMs: number): AuthenticatedPrincipal | undefined {
  return principals.get(hash, nowMs);
}

/** Begins a lookup. The result remembers its principal until `expiresAtMs`, unless a key was revoked meanwhile. */
export function beginLookup(): (hash: string, principal: AuthenticatedPrincipal, expiresAtMs: number) => void {
  const before = revocations;
  return (hash, principal, expiresAtMs) => {
    if (revocations === before) principals.set(hash, principal, expiresAtMs);
  };
}

function forget(matches: (principal: AuthenticatedPrincipal) => boolean): void {
  revocations += 1;
  principals.deleteWhere(matches);
}

/** Ends the memory of a credential in this isolate. */
export function forgetPrincipal(credentialId: string): void {
  forget((principal) => principal.credentialId === credentialId);
}

/** Ends the memory of all credentials of a user in this isolate. */
export function forgetUser(userId: string): void {
  forget((principal) => principal.userId === userId);
}
