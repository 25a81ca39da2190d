import { setDescription, setMetrics, setThumbhash, type Asset } from "../../records/assets/assets.ts";
import { applyGeocode } from "../assets/metadataUpdates.ts";
import type { Context } from "../context.ts";
import type { AssetChange } from "./taskOutcome.ts";

/** Stores the values that a task derived from `asset`, as it was given to the task. */
export async function applyChange(context: Context, asset: Asset, change: AssetChange): Promise<void> {
  const { db, nowMs } = context;
  if (change.place !== undefined) await applyGeocode(context, asset, change.place);
  if (change.thumbhash !== undefined) await setThumbhash(db, asset, change.thumbhash, nowMs);
  if (change.metrics !== undefined) await setMetrics(db, asset, change.metrics, nowMs);
  if (change.description !== undefined) await setDescription(db, asset, change.description, nowMs);
}
