import { info } from "../../kernel/log.ts";
import { purgeLibraryRows, listAssetsToPurge, listLibrariesToPurge } from "../../records/deletion/purgeLibraries.ts";
import { deleteLibraryIndex } from "../../records/search/documents.ts";
import { CODES } from "../search/text/calendarWords.ts";
import { purgeAssets } from "./purge.ts";
import type { Context } from "../context.ts";

export const MAX_ASSETS_PER_RUN = 2000;
/** A part deletes a bounded number of the library's remaining rows. */
const MAX_PARTS_PER_RUN = 10;
const MAX_LIBRARIES_PER_RUN = 10;

/** Remaining work of one run, shared by all its libraries. */
interface RunBudget {
  assets: number;
  parts: number;
}

async function purgeLibraryParts(context: Context, libraryId: string, budget: RunBudget): Promise<void> {
  while (budget.parts > 0) {
    budget.parts -= 1;
    if (!(await purgeLibraryRows(context.db, libraryId, context.nowMs))) continue;
    info("purged a trashed library", { library_id: libraryId });
    return;
  }
}

/** Deletes the library's assets with their objects, then its remaining rows. */
async function purgeLibrary(context: Context, libraryId: string, budget: RunBudget): Promise<void> {
  const ids = await listAssetsToPurge(context.db, libraryId, budget.assets);
  const deletedIds = await purgeAssets(context, ids, { kind: "library" });
  const budgetExhausted = ids.length === budget.assets;
  budget.assets -= ids.length;
  // Fewer than listed: the library was restored meanwhile, or another run overlaps.
  if (budgetExhausted || deletedIds.length < ids.length) return;
  // The events of the deletions may be deleted before the indexing reads them.
  await deleteLibraryIndex(context.searchDb.primary(), libraryId, CODES.all);
  await purgeLibraryParts(context, libraryId, budget);
}

/**
 * Purges trashed libraries whose retention ended, a bounded part per scheduled run. Later runs continue with the
 * remaining rows. Returns the number of assets listed.
 */
export async function purgeLibraries(context: Context): Promise<number> {
  const budget: RunBudget = { assets: MAX_ASSETS_PER_RUN, parts: MAX_PARTS_PER_RUN };
  for (const libraryId of await listLibrariesToPurge(context.db, context.nowMs, MAX_LIBRARIES_PER_RUN)) {
    if (budget.assets === 0 || budget.parts === 0) break;
    await purgeLibrary(context, libraryId, budget);
  }
  return MAX_ASSETS_PER_RUN - budget.assets;
}
