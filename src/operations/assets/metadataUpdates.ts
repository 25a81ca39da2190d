import { AppError, notFound } from "../../kernel/errors.ts";
import type { FacedAsset } from "../../records/assets/assets.ts";
import { listAssetsForUpdate, writeMetadataUpdates } from "../../records/assets/metadata/metadataUpdates.ts";
import { embedsTexts } from "../tasks/embeddingTasks.ts";
import { enqueueBatch } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import { inaccessible } from "../libraries/access.ts";
import { planUpdate, type MetadataPatch } from "./updatePlan.ts";
import type { Context } from "../context.ts";

export type { MetadataPatch } from "./updatePlan.ts";

const MAX_IDS_IN_ERROR = 5;

/** Names the missing ids unless the request had only one. */
function unknownAssets(missingIds: string[], requestedCount: number): AppError {
  if (requestedCount === 1) return notFound("asset");
  const rest = missingIds.length > MAX_IDS_IN_ERROR ? ` and ${missingIds.length - MAX_IDS_IN_ERROR} more` : "";
  return new AppError(
    "not_found",
    `assets not found; no asset was updated: ${missingIds.slice(0, MAX_IDS_IN_ERROR).join(", ")}${rest}`,
  );
}

async function readAssets(context: Context, principal: Principal, ids: string[]): Promise<FacedAsset[]> {
  const assets = await listAssetsForUpdate(context.db, principal, ids);
  const foundIds = new Set(assets.map((asset) => asset.id));
  const missingIds = ids.filter((id) => !foundIds.has(id));
  const [missingId] = missingIds;
  if (missingId === undefined) return assets;
  const error = await inaccessible(context, principal, "asset", missingId);
  throw error.code === "forbidden" ? error : unknownAssets(missingIds, ids.length);
}

/** Six statements per attempt stay below the 50 subrequests that the Workers Free plan allows per request. */
const MAX_ATTEMPTS = 6;
const FIRST_BACKOFF_MS = 30;

/** Exponential backoff with full jitter; the first retry is immediate. */
async function backOff(attempt: number): Promise<void> {
  if (attempt > 0) await scheduler.wait(Math.random() * FIRST_BACKOFF_MS * 2 ** (attempt - 1));
}

/**
 * Applies all patches atomically. Rereads assets that changed concurrently, so that updates of different fields all
 * apply.
 */
async function updateAll(
  context: Context,
  principal: Principal,
  patches: Map<string, MetadataPatch>,
): Promise<FacedAsset[]> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const assets = await readAssets(context, principal, [...patches.keys()]);
    const updates = assets.flatMap((asset) => planUpdate(asset, patches.get(asset.id) ?? {}) ?? []);
    if (updates.length === 0) return assets;
    const embedsCaptions = embedsTexts(context);
    const updated = await writeMetadataUpdates(context.db, updates, context.nowMs, embedsCaptions);
    if (updated === null) {
      await backOff(attempt);
      continue;
    }
    await enqueueBatch(
      context.queue,
      updates
        .filter(
          ({ position, user }) =>
            (position !== null && position.latitude !== null) || (embedsCaptions && user.description !== undefined),
        )
        .map((update) => update.asset.id),
    );
    return updated;
  }
  throw new AppError("write_conflict", "assets were modified concurrently; no asset was updated; retry the request", {
    retryAfterSeconds: 1,
  });
}

/**
 * Updates a user's caption, position or capture time of one asset. User values take precedence over file and derived
 * values, which show again when the user value is cleared. Throws `not_found` or `write_conflict`.
 */
export async function updateAsset(
  context: Context,
  principal: Principal,
  id: string,
  patch: MetadataPatch,
): Promise<FacedAsset> {
  const [asset] = await updateAll(context, principal, new Map([[id, patch]]));
  if (asset === undefined) throw notFound("asset");
  return asset;
}

/**
 * Updates many assets atomically. Several updates of one asset are merged in order. Throws `not_found` or
 * `write_conflict`.
 */
export async function updateAssets(
  context: Context,
  principal: Principal,
  updates: { id: string; change: MetadataPatch }[],
): Promise<void> {
  const patches = new Map<string, MetadataPatch>();
  for (const { id, change } of updates) patches.set(id, { ...patches.get(id), ...change });
  await updateAll(context, principal, patches);
}
