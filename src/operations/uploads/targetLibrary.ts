/** Chooses the library of an upload and checks storage limits. */
import { AppError } from "../../kernel/errors.ts";
import type { FacedAsset } from "../../records/assets/assets.ts";
import { createDefaultLibrary, type LibraryState, type StorageUsage } from "../../records/libraries/libraries.ts";
import type { LibraryScope } from "../../records/libraries/libraryScope.ts";
import { findUploadTargets, type OwnerStorage } from "../../records/uploads/uploadTargets.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { pickLibrary } from "../libraries/resolveLibrary.ts";
import { checkStorageLimits } from "../libraries/storageLimits.ts";
import type { DeclaredDigests } from "./uploadSource.ts";

/** Candidate libraries and the account's storage, read before the file. */
export interface TargetCandidates {
  /** The library id that arrived before the file, if any. */
  libraryId: string | null;
  live: LibraryState[];
  /** The storage of the candidates' owner, or of the caller if they are ambiguous. */
  owner: OwnerStorage | null;
  /** The asset of the target library with the declared digests, live or trashed. It is exempt from storage limits. */
  duplicate: FacedAsset | null;
}

function storageOf(library: LibraryState): StorageUsage {
  return { usedBytes: library.storageUsedBytes, limitBytes: library.storageLimitBytes };
}

/**
 * Rejects an upload to a full account or library before its first byte, unless the library has a file with the digests
 * `declared`. `libraryId` is null while the field may still follow the file; then a duplicate counts only if the
 * credential has a single library.
 *
 * @throws {AppError} `storage_limit_exceeded`; `not_found` for an unknown library; `bad_request` for an ambiguous one.
 */
export async function findUploadTarget(
  context: Context,
  scope: LibraryScope,
  libraryId: string | null,
  declared: DeclaredDigests[] = [],
): Promise<TargetCandidates> {
  const { live, owner, duplicate } = await findUploadTargets(context.db, scope, libraryId, declared);
  const requested = libraryId === null ? null : await pickLibrary(context, scope, live, libraryId);
  if (duplicate !== null && live.length === 1) return { libraryId, live, owner, duplicate };
  checkStorageLimits(owner, requested === null ? null : storageOf(requested));
  return { libraryId, live, owner, duplicate: null };
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
 * Resolves the library once all fields are known. Creates the account's first library for an unrestricted credential.
 *
 * @throws {AppError} as `findUploadTarget`, and `bad_request` without an accessible library.
 */
export async function resolveTargetLibrary(
  context: Context,
  principal: Principal,
  candidates: TargetCandidates,
  libraryId: string | null,
): Promise<LibraryState> {
  // A member may have lost the right to upload while the file arrived, so a joined library is read again.
  const isOwn = candidates.live.every(({ userId }) => userId === principal.userId);
  // A library_id after the file is mostly among the candidates, which saves a second round trip.
  const candidate = isOwn ? candidates.live.find(({ id }) => id === libraryId) : undefined;
  const isCurrent = candidate !== undefined || (isOwn && candidates.libraryId === libraryId);
  const { live } = isCurrent ? candidates : await findUploadTarget(context, principal, libraryId);
  const picked = candidate ?? (await pickLibrary(context, principal, live, libraryId));
  const library = picked ?? (await ensureDefaultLibrary(context, principal));
  checkStorageLimits(null, storageOf(library));
  return library;
}

/** Throws the reason why a library rejected the row: it was trashed or filled up during the upload. */
export async function throwInsertConflict(context: Context, library: LibraryState): Promise<never> {
  await findUploadTarget(context, { userId: library.userId, libraryIds: null }, library.id);
  throw new AppError("write_conflict", "the library changed during the upload; send the file again");
}
