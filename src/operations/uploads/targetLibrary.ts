/** Which library an upload goes to, and whether there is room: asked before the first byte where it can be. */
import { AppError } from "../../kernel/errors.ts";
import type { Database } from "../../records/database.ts";
import { createDefaultLibrary, findUploadTarget, type Library, type Reach } from "../../records/libraries/libraries.ts";
import type { Principal } from "../accounts/authentication.ts";
import { pickLibrary } from "../libraries/libraries.ts";

export interface UploadTarget {
  libraryId: string | null;
  live: Library[];
  owner: { usedBytes: number; limitBytes: number } | null;
}

function isFull(usedBytes: number, limitBytes: number | null): boolean {
  return limitBytes !== null && usedBytes >= limitBytes;
}

/** A full account is refused at once. The library may still be named by a field behind the file. */
export async function openTarget(db: Database, who: Reach, libraryId: string | null): Promise<UploadTarget> {
  const { live, owner } = await findUploadTarget(db, who, libraryId);
  const named = libraryId === null ? null : pickLibrary(live, libraryId);
  if (owner !== null && isFull(owner.usedBytes, owner.limitBytes)) {
    throw new AppError("storage_limit_exceeded", "User storage limit exceeded");
  }
  demandSpace(named);
  return { libraryId, live, owner };
}

function demandSpace(library: Library | null): void {
  if (library !== null && isFull(library.storageUsedBytes, library.storageLimitBytes)) {
    throw new AppError("storage_limit_exceeded", "Library storage limit exceeded");
  }
}

async function firstLibrary(db: Database, who: Principal, limitBytes: number | null, nowMs: number): Promise<Library> {
  const created = who.libraryIds === null ? await createDefaultLibrary(db, who, limitBytes, nowMs) : [];
  const library = created[0];
  if (library === undefined) throw new AppError("bad_request", "this credential reaches no live library");
  return library;
}

/** The library, once every field is known. A credential for all libraries, with none there, gets its first, a `fresh` one. */
export async function settleTarget(
  db: Database,
  who: Principal,
  early: UploadTarget,
  libraryId: string | null,
  fresh: { limitBytes: number | null; nowMs: number },
): Promise<Library> {
  // Named behind the file, it is mostly one of the two that were found without its name: no second round trip.
  const found = early.live.find((library) => library.id === libraryId);
  const target = found !== undefined || early.libraryId === libraryId ? early : await openTarget(db, who, libraryId);
  const library =
    found ?? pickLibrary(target.live, libraryId) ?? (await firstLibrary(db, who, fresh.limitBytes, fresh.nowMs));
  demandSpace(library);
  return library;
}

/** Why a library that took the file has not taken its row: it went to the trash meanwhile, or others filled it up. */
export async function refuseRow(db: Database, library: Library): Promise<never> {
  await openTarget(db, { userId: library.userId, libraryIds: null }, library.id);
  throw new AppError("write_conflict", "the library was changed while the file came; send it again");
}
