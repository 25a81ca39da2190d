/** What a caller throws away: into the trash and back, out of the trash, or for good at once. */
import { notFound } from "../../kernel/errors.ts";
import type { Database } from "../../records/database.ts";
import * as records from "../../records/deletion/trash.ts";
import { getAsset } from "../assets/assets.ts";
import { ringForEmptied } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/libraries.ts";
import { purgeAssets, type PurgeDeps } from "./purge.ts";
import type { Bell } from "../tasks/taskOutcome.ts";

/** Which assets, by id, and the library that a call means them in; null: the only one. */
export interface Named {
  libraryId: string | null;
  ids: string[];
}

export async function trashAssets(db: Database, who: Principal, named: Named, nowMs: number): Promise<void> {
  const library = await resolveLibrary(db, who, named.libraryId);
  await records.trashAssets(db, library.id, named.ids, nowMs);
}

export async function restoreAssets(db: Database, who: Principal, named: Named, nowMs: number): Promise<void> {
  const library = await resolveLibrary(db, who, named.libraryId);
  await records.restoreAssets(db, library.id, named.ids, nowMs);
}

/** Live or trashed. What is not there, or not there any more, is no error. */
export async function deleteAssets(deps: PurgeDeps, who: Principal, named: Named): Promise<void> {
  const library = await resolveLibrary(deps.db, who, named.libraryId);
  await purgeAssets(deps, [...new Set(named.ids)], { kind: "asked", libraryId: library.id });
}

/** Of two calls at once, one deletes it and the other finds nothing. */
export async function deleteAsset(deps: PurgeDeps, who: Principal, id: string): Promise<void> {
  const { libraryId } = await getAsset(deps.db, who, id);
  const deleted = await purgeAssets(deps, [id], { kind: "asked", libraryId });
  if (deleted.length === 0) throw notFound("asset");
}

/** What one request, or one message, deletes before it leaves the rest to the next message: five batches. */
const MAX_PER_CALL = 1000;

/**
 * With the first statement all of it is gone for every reader, and it stays so whatever happens after: the rows of a
 * large trash are deleted by message after message, and the schedule goes on where one is lost.
 */
export async function emptyTrash(
  deps: PurgeDeps & { queue: Bell },
  who: Principal,
  libraryId: string | null,
): Promise<void> {
  const library = await resolveLibrary(deps.db, who, libraryId);
  await purgeEmptied(deps, library.id, await records.emptyTrash(deps.db, library.id, MAX_PER_CALL));
}

/** The next part of it, as a message asks. */
export async function continueEmptying(deps: PurgeDeps & { queue: Bell }, libraryId: string): Promise<void> {
  await purgeEmptied(deps, libraryId, await records.listEmptied(deps.db, libraryId, MAX_PER_CALL));
}

async function purgeEmptied(deps: PurgeDeps & { queue: Bell }, libraryId: string, ids: string[]): Promise<void> {
  await purgeAssets(deps, ids, { kind: "trash", trashedBefore: 0 });
  if (ids.length === MAX_PER_CALL) await ringForEmptied(deps.queue, libraryId);
}
