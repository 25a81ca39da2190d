import { AppError, notFound } from "../../kernel/errors.ts";
import { foldName } from "../../kernel/names/foldName.ts";
import { findNamedUser } from "../../records/accounts/namedUsers.ts";
import * as records from "../../records/libraries/libraries.ts";
import type { MemberRole } from "../../records/libraries/libraryScope.ts";
import {
  findLibrary,
  listLibraries,
  type LibraryListRequest,
  type SharedLibrary,
} from "../../records/libraries/sharedLibraries.ts";
import { isNameRejected, LIBRARY_NAMES, unfoldedNamesQuery } from "../../records/names.ts";
import { runQueries } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import { summarizeUser, type UserSummary } from "../accounts/userSummaries.ts";
import type { Context } from "../context.ts";
import { asOwner, inaccessible } from "./access.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { foldStoredNames, nameConflict, NameTakenError, requireSame, throwNameTaken } from "../names/uniqueNames.ts";
import { startPages } from "../pages.ts";
import { createOnce, storedLibrary, type IdempotentRequest } from "../idempotency/createOnce.ts";

type Library = records.Library;

/** A library as the caller sees it. */
export interface LibraryView extends Library {
  owner: UserSummary;
  role: MemberRole;
}

function toView(context: Context, library: SharedLibrary): LibraryView {
  return { ...library, owner: summarizeUser(context, library.owner) };
}

/** The view of a library that the caller owns. */
async function toOwnView(context: Context, library: Library): Promise<LibraryView> {
  const owner = (await findNamedUser(context.db, library.userId)) ?? UNNAMED;
  return { ...library, role: "owner", owner: summarizeUser(context, { ...owner, id: library.userId }) };
}

const UNNAMED = { subject: null, firstName: null, lastName: null };

/** Libraries that a streamed list holds in memory: 1.7 MB with the longest names and descriptions. */
const MAX_PAGE_LIBRARIES = 100;

/** Reads a library, live or, by its owner, trashed. Throws `not_found`. */
export async function getLibrary(context: Context, principal: Principal, id: string): Promise<LibraryView> {
  const library = await findLibrary(context.db, principal, id);
  if (library === null) throw notFound("library");
  return toView(context, library);
}

async function* libraryPages(
  context: Context,
  principal: Principal,
  state: LibraryListRequest["state"],
): AsyncGenerator<LibraryView[]> {
  for (let after: Library | null = null; ;) {
    const request: LibraryListRequest = { state, after, limit: MAX_PAGE_LIBRARIES };
    const page = await listLibraries(context.db, principal, request);
    yield page.libraries.map((library) => toView(context, library));
    after = page.libraries.at(-1) ?? null;
    if (!page.hasMore || after === null) return;
  }
}

/** Streams the accessible libraries in the given state, in pages: own and joined ones, and the trash of the own ones. */
export async function streamLibraries(
  context: Context,
  principal: Principal,
  state: LibraryListRequest["state"],
): Promise<AsyncGenerator<LibraryView[]>> {
  return await startPages(libraryPages(context, principal, state));
}

async function foldLibraryNames(context: Context, userId: string): Promise<void> {
  const [unfolded] = await runQueries(context.db, [unfoldedNamesQuery(LIBRARY_NAMES, userId)]);
  await foldStoredNames(context, LIBRARY_NAMES, userId, unfolded);
}

async function insertLibrary(
  context: Context,
  { userId }: Principal,
  fields: { name: string; description: string | null },
  idempotent: IdempotentRequest | null,
): Promise<Library> {
  const { defaultLibraryStorageLimitBytes: storageLimitBytes, maxLibrariesPerUser: maxLibraries } = context.config;
  await foldLibraryNames(context, userId);
  const library = { ...fields, foldedName: foldName(fields.name), storageLimitBytes, maxLibraries };
  try {
    return await records.insertLibrary(context.db, userId, library, context.nowMs, idempotent);
  } catch (error) {
    throwNameTaken(LIBRARY_NAMES, userId, error);
    if (!records.hasTooManyLibraries(error)) throw error;
    throw new AppError("conflict", `a user can have at most ${maxLibraries} libraries, trashed ones included`);
  }
}

/**
 * Creates a library. If the user has a live one of that name with the given description, returns it instead.
 *
 * @throws {AppError} `forbidden` for a restricted credential, whose scope excludes the new library; `conflict` for a
 *   taken name with another description or in the trash, and for a user with as many libraries as allowed;
 *   `validation_error` for an Idempotency-Key of a different request.
 */
export async function createLibrary(
  context: Context,
  principal: Principal,
  fields: { name: string; description: string | null },
  idempotent: IdempotentRequest | null,
): Promise<{ library: LibraryView; isNew: boolean }> {
  if (principal.libraryIds !== null) {
    throw new AppError("forbidden", "a credential restricted to selected libraries cannot create a library");
  }
  const { name, description } = fields;
  try {
    const insert = async () => await insertLibrary(context, principal, fields, idempotent);
    const { row } = await createOnce(context, idempotent, storedLibrary, insert);
    return { library: await toOwnView(context, row), isNew: true };
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error;
    const named = await records.listLibrariesByName(context.db, error.ownerId, foldName(name));
    const isSame = (library: Library): boolean =>
      library.trashedAt === null && (description === null || (library.description ?? "") === description);
    return { library: await toOwnView(context, requireSame("library", name, named, isSame)), isNew: false };
  }
}

/**
 * Updates the name or description of a library. Throws `not_found`, and `conflict` if another library of its owner,
 * live or trashed, has the name.
 */
export async function updateLibrary(
  context: Context,
  principal: Principal,
  id: string,
  { name, ...fields }: { name?: string; description?: string | null },
): Promise<LibraryView> {
  const owner = asOwner(principal);
  if (name !== undefined) await foldLibraryNames(context, principal.userId);
  const change = { ...fields, ...(name === undefined ? {} : { rename: { name, foldedName: foldName(name) } }) };
  try {
    const library = await records.updateLibrary(context.db, owner, id, change, context.nowMs);
    if (library === null) throw await inaccessible(context, owner, "library", id);
    return await toOwnView(context, library);
  } catch (error) {
    throw name !== undefined && isNameRejected(LIBRARY_NAMES, error) ? nameConflict("library", name) : error;
  }
}

const DAY_MS = 24 * 3600_000;

/**
 * Trashes a library: its contents are hidden now and purged when the retention ends. Throws `not_found`, and `conflict`
 * for the owner's last live library.
 */
export async function trashLibrary(context: Context, principal: Principal, id: string): Promise<void> {
  const purgeAt = Math.min(context.nowMs + context.config.trashRetentionDays * DAY_MS, Number.MAX_SAFE_INTEGER);
  const owner = asOwner(principal);
  const library = await records.trashLibrary(context.db, owner, id, purgeAt, context.nowMs);
  if (library === null) throw await inaccessible(context, owner, "library", id);
  if (library.trashedAt === null)
    throw new AppError("conflict", "the last live library cannot be trashed; create or restore another one first");
  await requestCachePurge(context);
}

/** Restores a trashed library with everything that is still stored. Throws `not_found`. */
export async function restoreLibrary(context: Context, principal: Principal, id: string): Promise<LibraryView> {
  const owner = asOwner(principal);
  const library = await records.restoreLibrary(context.db, owner, id, context.nowMs);
  if (library === null) throw await inaccessible(context, owner, "library", id);
  return await toOwnView(context, library);
}

/**
 * Ends the retention of a trashed library so that scheduled runs purge it. Throws `not_found`, or `conflict` if live.
 */
export async function deleteLibrary(context: Context, principal: Principal, id: string): Promise<void> {
  const owner = asOwner(principal);
  const library = await records.expireTrashRetention(context.db, owner, id, context.nowMs);
  if (library === null) throw await inaccessible(context, owner, "library", id);
  if (library.trashedAt === null) throw new AppError("conflict", "library must be trashed before it can be deleted");
}
