/** Libraries, and which one a request without a library_id means. */
import { AppError, notFound } from "../../kernel/errors.ts";
import type { Database } from "../../records/database.ts";
import * as records from "../../records/libraries/libraries.ts";
import type { Principal } from "../accounts/authentication.ts";

export type Library = records.Library;

/** From up to two live candidates: the one that is meant, null when there is none to mean. */
export function pickLibrary<T>(live: T[], libraryId: string | null): T | null {
  if (libraryId !== null && live.length === 0) throw notFound("library");
  if (live.length > 1) {
    throw new AppError("bad_request", "library_id is required: there are several libraries");
  }
  return live[0] ?? null;
}

/** The library a call works in; a call that cannot make one needs one to be there. */
export function demandLibrary<T>(live: T[], libraryId: string | null): T {
  const library = pickLibrary(live, libraryId);
  if (library === null) throw new AppError("bad_request", "there is no library yet: create one, or upload a file");
  return library;
}

export async function resolveLibrary(db: Database, who: Principal, libraryId: string | null): Promise<Library> {
  return demandLibrary(await records.selectLiveLibraries(db, who, libraryId), libraryId);
}

export async function getLibrary(db: Database, who: Principal, id: string): Promise<Library> {
  const library = await records.findLibrary(db, who, id);
  if (library === null) throw notFound("library");
  return library;
}

export async function listLibraries(
  db: Database,
  who: Principal,
  state: "live" | "trashed" | "all",
): Promise<Library[]> {
  return await records.listLibraries(db, who, state);
}

/** A key that is confined to some libraries would not reach the new one, so it may not make it. */
export async function createLibrary(
  db: Database,
  who: Principal,
  fields: { name: string; description: string | null; storageLimitBytes: number | null },
  nowMs: number,
): Promise<Library> {
  if (who.libraryIds !== null) {
    throw new AppError("forbidden", "a credential for selected libraries cannot create another");
  }
  return await records.insertLibrary(db, who.userId, fields, nowMs);
}

export async function updateLibrary(
  db: Database,
  who: Principal,
  id: string,
  fields: { name?: string; description?: string | null },
  nowMs: number,
): Promise<Library> {
  const library = await records.updateLibrary(db, who, id, fields, nowMs);
  if (library === null) throw notFound("library");
  return library;
}

const DAY_MS = 24 * 3600_000;

/** Its contents are hidden from now on, and deleted for good when the retention is over. */
export async function trashLibrary(
  db: Database,
  who: Principal,
  id: string,
  retentionDays: number,
  nowMs: number,
): Promise<void> {
  const drainAt = Math.min(nowMs + retentionDays * DAY_MS, Number.MAX_SAFE_INTEGER);
  if ((await records.trashLibrary(db, who, id, drainAt, nowMs)) === null) throw notFound("library");
}

/** While there is a row, it comes back with all that was not deleted yet. */
export async function restoreLibrary(db: Database, who: Principal, id: string, nowMs: number): Promise<Library> {
  const library = await records.restoreLibrary(db, who, id, nowMs);
  if (library === null) throw notFound("library");
  return library;
}

/** Waives what is left of its time in the trash; the schedule deletes it, part by part. */
export async function deleteLibrary(db: Database, who: Principal, id: string, nowMs: number): Promise<void> {
  const library = await records.waiveLibrary(db, who, id, nowMs);
  if (library === null) throw notFound("library");
  if (library.trashedAt === null) throw new AppError("conflict", "a live library is not deleted: trash it first");
}
