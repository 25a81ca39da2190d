/** Chooses the live library of a request. */
import { AppError } from "../../kernel/errors.ts";
import { listLiveLibraryIds, selectLiveLibraries, type LibraryState } from "../../records/libraries/libraries.ts";
import type { LibraryScope } from "../../records/libraries/libraryScope.ts";
import type { Context } from "../context.ts";
import { inaccessible } from "./access.ts";

/**
 * Picks the library of a request from up to two live candidates; null if there is neither a candidate nor a requested
 * id.
 *
 * @throws {AppError} `not_found`, or `forbidden` for a member whose role doesn't allow the call; `bad_request` for an
 * ambiguous request without a library id.
 */
export async function pickLibrary<T>(
  context: Context,
  scope: LibraryScope,
  liveLibraries: T[],
  libraryId: string | null,
): Promise<T | null> {
  if (libraryId !== null && liveLibraries.length === 0) {
    throw await inaccessible(context, scope, "library", libraryId);
  }
  if (liveLibraries.length > 1) {
    throw new AppError("bad_request", "library_id is required when there are several libraries");
  }
  return liveLibraries[0] ?? null;
}

/** Picks the library like `pickLibrary`, but throws `bad_request` instead of returning null. */
export async function requireLibrary<T>(
  context: Context,
  scope: LibraryScope,
  liveLibraries: T[],
  libraryId: string | null,
): Promise<T> {
  const library = await pickLibrary(context, scope, liveLibraries, libraryId);
  if (library !== null) return library;
  const joined = await listLiveLibraryIds(context.db, { ...scope, action: "read" });
  const problem =
    joined.length > 0
      ? "library_id is required: you own no library, only shared ones are accessible"
      : "no library exists yet; create a library or upload a file";
  throw new AppError("bad_request", problem);
}

/**
 * Resolves the live library of a request; `libraryId` may be null while the caller owns a single library, or while a
 * restricted credential lists a single one.
 */
export async function resolveLibrary(
  context: Context,
  scope: LibraryScope,
  libraryId: string | null,
): Promise<LibraryState> {
  const live = await selectLiveLibraries(context.db, scope, libraryId);
  return await requireLibrary(context, scope, live, libraryId);
}
