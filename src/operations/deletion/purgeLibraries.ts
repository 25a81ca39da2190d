/** Ends libraries whose time in the trash is over: a bounded part in each scheduled run, from wherever the last came to. */
import { info } from "../../kernel/log.ts";
import { drainRemains, listAssetsToDrain, listLibrariesToDrain } from "../../records/deletion/purgeLibraries.ts";
import { purgeAssets, type PurgeDeps } from "./purge.ts";

/** Ten batches of assets, and as many parts of what is left behind them. */
const MAX_ASSETS_PER_RUN = 2000;
const MAX_PARTS_PER_RUN = 10;
const MAX_LIBRARIES_PER_RUN = 10;

/** What all libraries of a run may take. */
interface Share {
  assets: number;
  parts: number;
}

async function drainParts(deps: PurgeDeps, libraryId: string, share: Share): Promise<void> {
  while (share.parts > 0) {
    share.parts -= 1;
    if (!(await drainRemains(deps.db, libraryId, deps.nowMs))) continue;
    info("a trashed library came to its end", { library_id: libraryId });
    return;
  }
}

/** Its assets go as any others do, and their objects with them; then what else there is. */
async function drainLibrary(deps: PurgeDeps, libraryId: string, share: Share): Promise<void> {
  const ids = await listAssetsToDrain(deps.db, libraryId, share.assets);
  const purged = await purgeAssets(deps, ids, { kind: "drain" });
  const mayBeMore = ids.length === share.assets;
  share.assets -= ids.length;
  // Fewer than were listed: it was restored meanwhile, or another run is at it.
  if (mayBeMore || purged.length < ids.length) return;
  await drainParts(deps, libraryId, share);
}

/** Answers how many assets it looked at. */
export async function drainLibraries(deps: PurgeDeps): Promise<number> {
  const share: Share = { assets: MAX_ASSETS_PER_RUN, parts: MAX_PARTS_PER_RUN };
  for (const libraryId of await listLibrariesToDrain(deps.db, deps.nowMs, MAX_LIBRARIES_PER_RUN)) {
    if (share.assets === 0 || share.parts === 0) break;
    await drainLibrary(deps, libraryId, share);
  }
  return MAX_ASSETS_PER_RUN - share.assets;
}
