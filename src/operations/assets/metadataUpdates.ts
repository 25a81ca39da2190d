/** What users set of an asset's metadata: over the file's word and what was derived, which stay and show again when it is taken back. */
import { AppError, notFound } from "../../kernel/errors.ts";
import { findAssetForWork, type Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { listAssetsToEdit, writeEdits } from "../../records/assets/metadataUpdates.ts";
import { isSamePosition, positionOf, type DerivedLayer } from "../../records/assets/metadata.ts";
import { ringAll, type ManyBell } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import { editOf, placingOf, type AssetChange } from "./updatePlan.ts";

export type { AssetChange } from "./updatePlan.ts";

export interface EditDeps {
  db: Database;
  queue: ManyBell;
  nowMs: number;
}

const NAMED = 5;

/** One: the client knows which it asked for. Of many it must be told. */
function unknownAssets(missing: string[], asked: number): AppError {
  if (asked === 1) return notFound("asset");
  const rest = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
  return new AppError("not_found", `no such asset, nothing was changed: ${missing.slice(0, NAMED).join(", ")}${rest}`);
}

async function readAll(db: Database, who: Principal, ids: string[]): Promise<Asset[]> {
  const assets = await listAssetsToEdit(db, who, ids);
  const known = new Set(assets.map((asset) => asset.id));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length > 0) throw unknownAssets(missing, ids.length);
  return assets;
}

/** Six statements each: within the 50 that one request on the free plan may send. */
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 30;

/** So that those who lost together do not meet again: at once after the first time, then each after a time of its own. */
async function pauseAfter(tries: number): Promise<void> {
  if (tries > 0) await scheduler.wait(Math.random() * FIRST_PAUSE_MS * 2 ** (tries - 1));
}

/**
 * All changes or none. What was changed by someone else between reading and writing is read again, so that edits of
 * different fields all stay.
 */
async function editAll(deps: EditDeps, who: Principal, changes: Map<string, AssetChange>): Promise<Asset[]> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const assets = await readAll(deps.db, who, [...changes.keys()]);
    const edits = assets.flatMap((asset) => editOf(asset, changes.get(asset.id) ?? {}) ?? []);
    if (edits.length === 0) return assets;
    const edited = await writeEdits(deps.db, edits, deps.nowMs);
    if (edited === null) {
      await pauseAfter(tries);
      continue;
    }
    await ringAll(
      deps.queue,
      edits.filter((edit) => edit.position !== null && edit.position.latitude !== null).map((edit) => edit.asset.id),
    );
    return edited;
  }
  throw new AppError("write_conflict", "someone else is changing the same assets; nothing was changed: send it again", {
    retryAfterSeconds: 1,
  });
}

export async function editAsset(deps: EditDeps, who: Principal, id: string, change: AssetChange): Promise<Asset> {
  const [asset] = await editAll(deps, who, new Map([[id, change]]));
  if (asset === undefined) throw notFound("asset");
  return asset;
}

/** An asset that is named more than once gets all of its changes, the later ones over the earlier. */
export async function editAssets(
  deps: EditDeps,
  who: Principal,
  updates: { id: string; change: AssetChange }[],
): Promise<void> {
  const changes = new Map<string, AssetChange>();
  for (const { id, change } of updates) changes.set(id, { ...changes.get(id), ...change });
  await editAll(deps, who, changes);
}

/**
 * What was found of the place that `asset` was at when it was read. Once it is elsewhere nothing is written: the move has
 * opened a search of its own.
 */
export async function placeAsset(
  deps: Pick<EditDeps, "db" | "nowMs">,
  asset: Asset,
  found: Partial<DerivedLayer>,
): Promise<void> {
  let now: Asset | null = asset;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (now === null || !isSamePosition(positionOf(now.layers), positionOf(asset.layers))) return;
    const placing = placingOf(now, found);
    if (placing === null || (await writeEdits(deps.db, [placing], deps.nowMs)) !== null) return;
    await pauseAfter(tries);
    now = await findAssetForWork(deps.db, asset.id);
  }
  throw new AppError("write_conflict", "someone else is changing the asset");
}
