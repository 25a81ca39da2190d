/**
 * Guesses the library of a request, so that its page can be read in the round trip that checks the library. The caller
 * uses such a page only if the check confirms the guess, and otherwise reads it again.
 */
import type { KnownLibrary } from "../../records/libraries/knownLibraries.ts";
import type { Principal } from "../accounts/principal.ts";

/** `trashClearedAt` is undefined for a library that is known by its id alone. */
export type LikelyLibrary = Pick<KnownLibrary, "id"> & Partial<KnownLibrary>;

/** Returns the requested library, else the only one of the credential; null if it has none or several. */
export function likelyLibrary({ knownLibraries = [] }: Principal, libraryId: string | null): LikelyLibrary | null {
  if (libraryId !== null) return knownLibraries.find(({ id }) => id === libraryId) ?? { id: libraryId };
  const [only, ...others] = knownLibraries;
  return only === undefined || others.length > 0 ? null : only;
}

/** Whether the library is the guessed one, with the state that the guess assumed. */
export function isConfirmed(guess: LikelyLibrary | null, library: KnownLibrary): boolean {
  return guess?.id === library.id && (guess.trashClearedAt ?? library.trashClearedAt) === library.trashClearedAt;
}
