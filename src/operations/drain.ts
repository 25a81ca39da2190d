/** Ends libraries whose time in the trash is over: a bounded part in each scheduled run, from wherever the last came to. */
import { info } from "../kernel/log.ts";
import { drainRemains, listAssetsToDrain, listLibrariesToDrain } from "../records/drain.ts";
import { purgeAssets, type PurgeDeps } from "./purge.ts";

/** Ten batches of assets, and as many parts of what is left behind them. */
const MAX_ASSETS_PER_RUN = 2000;
const MAX_PARTS_PER_RUN = 10;
const MAX_LIBRARIES_PER_RUN = 10;

/** True when the library's row has gone. Its assets go as any others do, and their objects with them. */
async function drainLibrary(deps: PurgeDeps, libraryId: string, maxAssets: number): Promise<number> {
  const ids = await listAssetsToDrain(deps.db, libraryId, maxAssets);
  const purged = await purgeAssets(deps, ids, { kind: "drain" });
  // Fewer than were listed: it was restored meanwhile, or another run is at it.
  if (ids.length === maxAssets || purged.length < ids.length) return ids.length;
  for (let part = 0; part < MAX_PARTS_PER_RUN; part++) {
    if (!(await drainRemains(deps.db, libraryId, deps.nowMs))) continue;
    info("a trashed library came to its end", { library_id: libraryId });
    break;
  }
  return ids.length;
}

/** Answers how many assets it looked at. */
export async function drainLibraries(deps: PurgeDeps): Promise<number> {
  let drained = 0;
  for (const libraryId of await listLibrariesToDrain(deps.db, deps.nowMs, MAX_LIBRARIES_PER_RUN)) {
    if (drained >= MAX_ASSETS_PER_RUN) break;
    drained += await drainLibrary(deps, libraryId, MAX_ASSETS_PER_RUN - drained);
  }
  return drained;
}
