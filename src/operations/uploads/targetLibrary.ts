/** Chooses the library of an upload and checks storage limits. */
import { AppError } from "../../kernel/errors.ts";
import {
  createDefaultLibrary,
  findUploadLibraries,
  type LibraryState,
  type LibraryScope,
  type StorageUsage,
} from "../../records/libraries/libraries.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { pickLibrary } from "../libraries/libraries.ts";
import { checkStorageLimits } from "../libraries/storageLimits.ts";

/** Candidate libraries and the account's storage, read before the file. */
export interface TargetCandidates {
  /** Null while the client has not sent a library id. */
  libraryId: string | null;
  live: LibraryState[];
  owner: StorageUsage | null;
}

function storageOf(library: LibraryState): StorageUsage {
  return { usedBytes: library.storageUsedBytes, limitBytes: library.storageLimitBytes };
}

/**
 * Rejects an upload to a full account or library before its first byte. `libraryId` is null while the field may still
 * follow the file.
 *
 * @throws {AppError} `storage_limit_exceeded`; `not_found` for an unknown library; `bad_request` for an ambiguous one.
 */
export async function checkQuota(
  context: Context,
  scope: LibraryScope,
  libraryId: string | null,
): Promise<TargetCandidates> {
  const { live, owner } = await findUploadLibraries(context.db, scope, libraryId);
  const requested = libraryId === null ? null : pickLibrary(live, libraryId);
  checkStorageLimits(owner, requested === null ? null : storageOf(requested));
  return { libraryId, live, owner };
}

async function ensureDefaultLibrary(context: Context, principal: Principal): Promise<LibraryState> {
  const limitBytes = context.config.defaultLibraryStorageLimitBytes;
  const created =
    principal.libraryIds === null ? await createDefaultLibrary(context.db, principal, limitBytes, context.nowMs) : [];
  const library = created[0];
  if (library === undefined) throw new AppError("bad_request", "no library is accessible with this credential");
  return library;
}

/**
 * Resolves the library once all fields are known. Creates the account's first library for a credential that is not
 * limited to selected ones.
 *
 * @throws {AppError} as `checkQuota`, and `bad_request` when the credential has no library.
 */
export async function resolveTargetLibrary(
  context: Context,
  principal: Principal,
  candidates: TargetCandidates,
  libraryId: string | null,
): Promise<LibraryState> {
  // A library_id after the file is mostly among the candidates, which saves a second round trip.
  const candidate = candidates.live.find((library) => library.id === libraryId);
  const isCurrent = candidate !== undefined || candidates.libraryId === libraryId;
  const { live } = isCurrent ? candidates : await checkQuota(context, principal, libraryId);
  const library = candidate ?? pickLibrary(live, libraryId) ?? (await ensureDefaultLibrary(context, principal));
  checkStorageLimits(null, storageOf(library));
  return library;
}

/** Throws the reason why a library rejected the row: it was trashed or filled up during the upload. */
export async function throwInsertConflict(context: Context, library: LibraryState): Promise<never> {
  await checkQuota(context, { userId: library.userId, libraryIds: null }, library.id);
  throw new AppError("write_conflict", "the library changed during the upload; send the file again");
}
