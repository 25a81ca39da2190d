/** Reads a list of one library in the round trip that checks the library. */
import { liveLibrariesQuery, type LibraryState } from "../../records/libraries/libraries.ts";
import { NO_QUERY, runQueries, type Query } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Context } from "../context.ts";
import { isConfirmed, likelyLibrary, type LikelyLibrary } from "./likelyLibrary.ts";
import { requireLibrary } from "./resolveLibrary.ts";

export interface LibraryRead<C, T> {
  libraryId: string | null;
  /** Read for the caller to check before it uses the list, such as the cursor's library. */
  check: Query<C>;
  /** The list; null if it must not be read before the library is known. */
  select: (library: LikelyLibrary) => Query<T> | null;
}

export interface ReadLibrary<C, T> {
  library: LibraryState;
  checked: C;
  /** Returns the list, and reads it first if the guess of the library was wrong. Null if `select` returned null. */
  read: () => Promise<T | null>;
}

/**
 * Reads the library, the check and the list of the likely library in one round trip. The caller throws for a failed
 * check, then calls `read`.
 *
 * @throws {AppError} `not_found` for an unknown library, `bad_request` for an ambiguous or a missing one.
 */
export async function readInLibrary<C, T>(
  context: Context,
  principal: Principal,
  { libraryId, check, select }: LibraryRead<C, T>,
): Promise<ReadLibrary<C, T>> {
  const guess = likelyLibrary(principal, libraryId);
  const guessed = guess === null ? null : select(guess);
  const [libraries, checked, result] = await runQueries<[LibraryState[], C, T | null]>(context.db, [
    liveLibrariesQuery(principal, libraryId),
    check,
    guessed ?? NO_QUERY,
  ]);
  const library = await requireLibrary(context, principal, libraries, libraryId);
  const read = async (): Promise<T | null> => {
    if (guessed !== null && isConfirmed(guess, library)) return result;
    const query = select(library);
    return query === null ? null : (await runQueries<[T]>(context.db, [query]))[0];
  };
  return { library, checked, read };
}
