import { AppError, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/libraries/libraries.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { startPages } from "../pages.ts";
import { createOnce, storedLibrary, type IdempotentRequest } from "../idempotency/createOnce.ts";

export type Library = records.Library;

/** Libraries that a streamed list holds in memory: 1.7 MB with the longest names and descriptions. */
const MAX_PAGE_LIBRARIES = 100;

/**
 * Picks the library of a request from up to two live candidates; null if there is neither a candidate nor a requested
 * id. Throws `not_found`, or `bad_request` for an ambiguous request without a library id.
 */
export function pickLibrary<T>(liveLibraries: T[], libraryId: string | null): T | null {
  if (libraryId !== null && liveLibraries.length === 0) throw notFound("library");
  if (liveLibraries.length > 1) {
    throw new AppError("bad_request", "library_id is required when there are several libraries");
  }
  return liveLibraries[0] ?? null;
}

/** Picks the library like `pickLibrary`, but throws `bad_request` instead of returning null. */
export function requireLibrary<T>(liveLibraries: T[], libraryId: string | null): T {
  const library = pickLibrary(liveLibraries, libraryId);
  if (library === null) throw new AppError("bad_request", "no library exists yet; create a library or upload a file");
  return library;
}

/** Resolves the live library of a request; `libraryId` may be null while the caller has a single library. */
export async function resolveLibrary(
  context: Context,
  principal: Principal,
  libraryId: string | null,
): Promise<records.LibraryState> {
  return requireLibrary(await records.selectLiveLibraries(context.db, principal, libraryId), libraryId);
}

/** Reads a live or trashed library. Throws `not_found`. */
export async function getLibrary(context: Context, principal: Principal, id: string): Promise<Library> {
  const library = await records.findLibrary(context.db, principal, id);
  if (library === null) throw notFound("library");
  return library;
}

async function* libraryPages(
  context: Context,
  principal: Principal,
  state: records.LibraryListRequest["state"],
): AsyncGenerator<Library[]> {
  for (let after: Library | null = null; ;) {
    const request: records.LibraryListRequest = { state, after, limit: MAX_PAGE_LIBRARIES };
    const page = await records.listLibraries(context.db, principal, request);
    yield page.libraries;
    after = page.libraries.at(-1) ?? null;
    if (!page.hasMore || after === null) return;
  }
}

/** Streams the accessible libraries in the given state, in pages. */
export async function streamLibraries(
  context: Context,
  principal: Principal,
  state: records.LibraryListRequest["state"],
): Promise<AsyncGenerator<Library[]>> {
  return await startPages(libraryPages(context, principal, state));
}

/**
 * Creates a library. Throws `forbidden` for a restricted credential, whose scope excludes the new library, `conflict`
 * for a user with as many libraries as allowed, and `validation_error` for an Idempotency-Key of a different request.
 */
export async function createLibrary(
  context: Context,
  principal: Principal,
  fields: { name: string; description: string | null },
  idempotent: IdempotentRequest | null,
): Promise<Library> {
  if (principal.libraryIds !== null) {
    throw new AppError("forbidden", "a credential restricted to selected libraries cannot create a library");
  }
  const { defaultLibraryStorageLimitBytes: storageLimitBytes, maxLibrariesPerUser: maxLibraries } = context.config;
  const library = { ...fields, storageLimitBytes, maxLibraries };
  const { row } = await createOnce(context, idempotent, storedLibrary, async () => {
    try {
      return await records.insertLibrary(context.db, principal.userId, library, context.nowMs, idempotent);
    } catch (error) {
      if (!records.hasTooManyLibraries(error)) throw error;
      throw new AppError("conflict", `a user can have at most ${maxLibraries} libraries, trashed ones included`);
    }
  });
  return row;
}

/** Updates the name or description of a library. Throws `not_found`. */
export async function updateLibrary(
  context: Context,
  principal: Principal,
  id: string,
  fields: { name?: string; description?: string | null },
): Promise<Library> {
  const library = await records.updateLibrary(context.db, principal, id, fields, context.nowMs);
  if (library === null) throw notFound("library");
  return library;
}

const DAY_MS = 24 * 3600_000;

/** Trashes a library: its contents are hidden now and purged when the retention ends. Throws `not_found`. */
export async function trashLibrary(context: Context, principal: Principal, id: string): Promise<void> {
  const purgeAt = Math.min(context.nowMs + context.config.trashRetentionDays * DAY_MS, Number.MAX_SAFE_INTEGER);
  if ((await records.trashLibrary(context.db, principal, id, purgeAt, context.nowMs)) === null)
    throw notFound("library");
  await requestCachePurge(context);
}

/** Restores a trashed library with everything that is still stored. Throws `not_found`. */
export async function restoreLibrary(context: Context, principal: Principal, id: string): Promise<Library> {
  const library = await records.restoreLibrary(context.db, principal, id, context.nowMs);
  if (library === null) throw notFound("library");
  return library;
}

/**
 * Ends the retention of a trashed library so that scheduled runs purge it. Throws `not_found`, or `conflict` if live.
 */
export async function deleteLibrary(context: Context, principal: Principal, id: string): Promise<void> {
  const library = await records.expireTrashRetention(context.db, principal, id, context.nowMs);
  if (library === null) throw notFound("library");
  if (library.trashedAt === null) throw new AppError("conflict", "library must be trashed before it can be deleted");
}
