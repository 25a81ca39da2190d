/** Deletes the vectors of deleted assets, and moves those of moved ones. */
import { info, warn } from "../../../kernel/log.ts";
import { findSweepPosition, saveSweepPosition } from "../../../records/maintenance/sweepPositions.ts";
import { listLibrariesOf } from "../../../records/search/vectors/vectorOwners.ts";
import { deleteVectors, listVectorAssets, listVectorsOf, putVector } from "../../../records/search/vectors/vectors.ts";
import type { Context } from "../../context.ts";

const SWEEP = "vectors";
const VECTORS_PER_PAGE = 500;
/** 5,000 vectors each run, so that those of 100,000 assets take ten hours. */
const PAGES_PER_RUN = 10;

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
  const rows = await listVectorsOf(
    searchDb,
    moved.map(({ assetId }) => assetId),
  );
  for (const { seq: _seq, ...vector } of rows) {
    await putVector(searchDb, { ...vector, libraryId: libraries.get(vector.assetId) ?? vector.libraryId }, 1);
  }
  return deleted.length + moved.length;
}

/**
 * Brings the vectors of assets in step after they were deleted or moved. A failure is logged: the search reads its hits
 * from the main database, and the sweep repeats the change.
 */
export async function syncVectors(context: Context, assetIds: readonly string[]): Promise<void> {
  if (assetIds.length === 0) return;
  try {
    await syncPage(context, await listVectorsOf(context.searchDb.primary(), assetIds));
  } catch (error) {
    warn("updating vectors failed; the sweep repeats it", { assets: assetIds.length, error: String(error) });
  }
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
