/** Embeds assets that have no vector of the configured model, such as all assets after a change of the model. */
import { info } from "../../kernel/log.ts";
import { findSweepPosition, saveSweepPosition } from "../../records/maintenance/sweepPositions.ts";
import { listAssetIds } from "../../records/search/sources.ts";
import { listVectorSpaces } from "../../records/search/vectors/vectors.ts";
import { reopenEmbeddings } from "../../records/search/vectors/vectorOwners.ts";
import { enqueueBatch } from "../tasks/taskQueue.ts";
import type { Context } from "../context.ts";
import { spaceName } from "./vectors/vectorIndex.ts";

/** Assets of one run: a day embeds 48,000. */
export const MAX_EMBEDDED_PER_RUN = 500;
/** Sorts after every id. */
const END = "~";

/**
 * Makes the embedding of the next assets pending that have no vector of the configured model. It visits every asset once
 * for each model; later ones are embedded after their upload. Returns the number of assets.
 */
export async function embedMissing(context: Context): Promise<number> {
  const { embedder, nowMs } = context;
  if (embedder === null) return 0;
  const { model, dimensions } = embedder;
  const sweep = `embeddings ${model}${dimensions === null ? "" : `#${dimensions}`}`;
  const position = (await findSweepPosition(context.db, sweep)) ?? "";
  if (position === END) return 0;
  const db = context.db.primary();
  const assetIds = await listAssetIds(db, position, MAX_EMBEDDED_PER_RUN);
  const spaces = await listVectorSpaces(context.searchDb.primary(), assetIds);
  const isCurrent = (space: string): boolean =>
    dimensions === null ? space.startsWith(`${model}#`) : space === spaceName(model, dimensions);
  const missing = assetIds.filter((id) => !isCurrent(spaces.get(id) ?? ""));
  if (missing.length > 0) await reopenEmbeddings(db, missing, nowMs);
  await enqueueBatch(context.queue, missing);
  const next = assetIds.length < MAX_EMBEDDED_PER_RUN ? END : (assetIds.at(-1) ?? END);
  await saveSweepPosition(context.db, sweep, next, nowMs);
  if (missing.length > 0) info("embedding assets without a vector of the model", { assets: missing.length, model });
  return missing.length;
}
