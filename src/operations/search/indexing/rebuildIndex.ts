/** The state of the text index, and its rebuild, for the owner of the deployment. */
import { findSearchState, requestRebuild } from "../../../records/search/searchState.ts";
import { findLastSeq } from "../../../records/events/eventFeed.ts";
import { requireOwner, type Principal } from "../../accounts/authentication.ts";
import type { Context } from "../../context.ts";
import { INDEX_VERSION } from "./documents.ts";
import { enqueueIndexing } from "./indexQueue.ts";

export interface IndexStatus {
  /** All assets are being read, because the index is new, or because of a rebuild. */
  isRebuilding: boolean;
  /** Events that are not indexed. */
  eventsBehind: number;
  /** The last write of the indexing, in Unix milliseconds; null before the first. */
  updatedAtMs: number | null;
}

/** Throws `forbidden` for anyone but the owner. */
export async function getIndexStatus(context: Context, principal: Principal): Promise<IndexStatus> {
  requireOwner(principal);
  const [state, lastSeq] = await Promise.all([
    findSearchState(context.searchDb.primary()),
    findLastSeq(context.db.primary()),
  ]);
  return {
    isRebuilding: state.scanAfter !== null || state.indexVersion !== INDEX_VERSION,
    eventsBehind: Math.max(0, lastSeq - state.seq),
    updatedAtMs: state.updatedAtMs === 0 ? null : state.updatedAtMs,
  };
}

/**
 * Makes the next run of the indexing start over: it deletes the index and reads all assets. Until that ends, a search finds
 * a part of them. Throws `forbidden` for anyone but the owner.
 */
export async function rebuildIndex(context: Context, principal: Principal): Promise<void> {
  requireOwner(principal);
  await requestRebuild(context.searchDb.primary());
  await enqueueIndexing(context.queue, context.config.workersPlan);
}
