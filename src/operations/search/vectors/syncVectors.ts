/** Deletes the vectors of deleted assets, and moves those of moved ones. */
import { info, warn } from "../../../kernel/log.ts";
import { findSweepPosition, saveSweepPosition } from "../../../records/maintenance/sweepPositions.ts";
import { listLibrariesOf } from "../../../records/search/vectors/vectorOwners.ts";
import {
  deleteVectors,
  listVectorAssets,
  listVectorsOf,
  moveVectors,
} from "../../../records/search/vectors/vectors.ts";
import type { Context } from "../../context.ts";

const SWEEP = "vectors";
const VECTORS_PER_PAGE = 500;
/** 1,000 vectors each run, so that 200,000 take two days. Few are ever found, and a page reads three rows a vector. */
const PAGES_PER_RUN = 2;

interface VectorAsset {
  assetId: string;
  libraryId: string;
}

/** Returns the number of vectors that were deleted or moved. */
async function syncPage(context: Context, vectors: VectorAsset[]): Promise<number> {
  if (vectors.length === 0) return 0;
  const searchDb = context.searchDb.primary();
  const libraries = await listLibrariesOf(
    context.db.primary(),
    vectors.map(({ assetId }) => assetId),
  );
  const deleted = vectors.filter(({ assetId }) => !libraries.has(assetId)).map(({ assetId }) => assetId);
  const moved = vectors.filter(({ assetId, libraryId }) => (libraries.get(assetId) ?? libraryId) !== libraryId);
  if (deleted.length + moved.length === 0) return 0;
  await deleteVectors(searchDb, deleted);
  if (moved.length > 0) {
    const rows = await listVectorsOf(
      searchDb,
      moved.map(({ assetId }) => assetId),
    );
    const destinations = rows.map((vector) => ({
      vector,
      libraryId: libraries.get(vector.assetId) ?? vector.libraryId,
    }));
    await moveVectors(
      searchDb,
      destinations.filter(({ vector, libraryId }) => vector.libraryId !== libraryId),
    );
  }
  return deleted.length + moved.length;
}

/**
 * Changes the vectors of assets after the assets. A failure is logged: the search reads its hits from the main database,
 * and the sweep repeats the change.
 */
async function attemptSync(assetIds: readonly string[], sync: () => Promise<unknown>): Promise<void> {
  if (assetIds.length === 0) return;
  try {
    await sync();
  } catch (error) {
    warn("updating vectors failed; the sweep repeats it", { assets: assetIds.length, error: String(error) });
  }
}

/** Moves the vectors of moved assets to the libraries in which the assets are now. */
export async function followMovedAssets(context: Context, assetIds: readonly string[]): Promise<void> {
  await attemptSync(assetIds, async () =>
    syncPage(
      context,
      assetIds.map((assetId) => ({ assetId, libraryId: "" })),
    ),
  );
}

/** Deletes the vectors of deleted assets. */
export async function forgetDeletedAssets(context: Context, assetIds: readonly string[]): Promise<void> {
  await attemptSync(assetIds, async () => deleteVectors(context.searchDb.primary(), assetIds));
}

/** Compares the vectors of the next assets with the main database. Returns the number of those that were changed. */
export async function sweepVectors(context: Context): Promise<number> {
  const start = (await findSweepPosition(context.db, SWEEP)) ?? "";
  let position = start;
  let changed = 0;
  for (let page = 0; page < PAGES_PER_RUN; page++) {
    const vectors = await listVectorAssets(context.searchDb.primary(), position, VECTORS_PER_PAGE);
    changed += await syncPage(context, vectors);
    // An asset has up to two vectors, of which a full page may end with the first.
    position = vectors.length < VECTORS_PER_PAGE ? "" : (vectors.at(-2)?.assetId ?? "");
    if (position === "") break;
  }
  if (position !== start) await saveSweepPosition(context.db, SWEEP, position, context.nowMs);
  if (changed > 0) info("updated vectors of deleted and moved assets", { vectors: changed });
  return changed;
}
