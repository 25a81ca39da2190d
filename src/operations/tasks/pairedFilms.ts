import type { Asset } from "../../records/assets/assets.ts";
import { listReopenedFilms, type PairKey } from "../../records/delivery/livePhotos.ts";
import type { Context } from "../context.ts";
import { enqueueBatch } from "./taskQueue.ts";

/** The pair that an asset may belong to, as a list of at most one. */
export function pairsOf({ libraryId, metadata }: Pick<Asset, "libraryId" | "metadata">): PairKey[] {
  const { livePhotoCid } = metadata;
  return livePhotoCid === null ? [] : [{ libraryId, livePhotoCid }];
}

/** Enqueues the films of live photos whose poster tasks a change of their pair reopened. Costs nothing without pairs. */
export async function enqueuePairedFilms(context: Context, pairs: PairKey[]): Promise<void> {
  if (pairs.length === 0) return;
  const filmIds = await listReopenedFilms(context.db, pairs);
  if (filmIds.length > 0) await enqueueBatch(context.queue, filmIds);
}
