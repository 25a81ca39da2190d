/**
 * Removes cached media whose URLs ended. Rows of `cache_purges` are the source of truth: a change writes them in its
 * batch, and a row is deleted after its second successful purge. A queue message purges at once, and the schedule
 * repeats what a crash or the rate limit left behind.
 */
import { info, warn } from "../../kernel/log.ts";
import { MAX_TAGS_PER_PURGE } from "../../providers/cache/cachePurger.ts";
import {
  completePurges,
  mergePurges,
  refreshPurges,
  reopenPurges,
  takeDuePurges,
} from "../../records/delivery/cachePurges.ts";
import type { Context } from "../context.ts";
import { enqueueCachePurge } from "../tasks/taskQueue.ts";
import { DAY_SECONDS, URL_LIFETIME_SECONDS, signingKeyTag } from "./urlSigner.ts";

/**
 * A request that read the database before a change, or from a replica that lags, may store its response after the
 * purge. The second purge, after this time, removes it.
 */
export const SECOND_PURGE_DELAY_MS = 2 * 60_000;
/** The burst that Workers Cache allows. */
export const MAX_PURGES_PER_RUN = 25;
/** Workers Cache allows 5 purges a minute after a burst. */
export const PURGE_RETRY_SECONDS = 15;

/**
 * A purge that failed for longer is given up. Longer than a response is cached, because another change of the same media
 * doesn't renew the time of a waiting row.
 */
export const MAX_PURGE_WAIT_SECONDS = 30 * DAY_SECONDS;

/** Makes the queue purge what a change has just recorded. Does nothing without a cache in front of the Worker. */
export async function requestCachePurge({ cachePurger, queue }: Context): Promise<void> {
  if (cachePurger !== null) await enqueueCachePurge(queue);
}

/**
 * Purges the tags that are due. Returns the seconds after which to call it again if the cache refused a purge, and null
 * when none is due any more.
 */
export async function purgeCachedMedia(context: Context): Promise<number | null> {
  const { cachePurger, db, nowMs } = context;
  if (cachePurger === null) return null;
  for (let purges = 0; purges < MAX_PURGES_PER_RUN; purges++) {
    const againAt = nowMs + SECOND_PURGE_DELAY_MS;
    const due = await takeDuePurges(db, { nowMs, againAt, limit: MAX_TAGS_PER_PURGE });
    if (due.length === 0) return null;
    const tags = due.map(({ tag }) => tag);
    const refusal = await cachePurger.purge(tags);
    if (refusal !== null) {
      warn("purging cached media failed and will be retried", { tags: tags.length, reason: refusal });
      await reopenPurges(db, tags);
      return PURGE_RETRY_SECONDS;
    }
    const repeated = due.filter(({ isRepeated }) => isRepeated).map(({ tag }) => tag);
    if (repeated.length > 0) await completePurges(db, repeated);
    if (due.length < MAX_TAGS_PER_PURGE) return null;
    await mergePurges(db);
  }
  return PURGE_RETRY_SECONDS;
}

/**
 * Purges media of signing keys that are no longer configured, and repeats the purges that are due. Deletes rows after
 * `MAX_PURGE_WAIT_SECONDS`, or without a cache after the lifetime of a URL.
 */
export async function sweepCachePurges(context: Context): Promise<void> {
  const { cachePurger, config, db, nowMs } = context;
  const { mediaSigningKey, previousMediaSigningKey: previous } = config;
  const keys = previous === null ? [mediaSigningKey] : [mediaSigningKey, previous];
  const keyTags = await Promise.all(keys.map(signingKeyTag));
  const keptSeconds = cachePurger === null ? URL_LIFETIME_SECONDS : MAX_PURGE_WAIT_SECONDS;
  const requestedBeforeMs = nowMs - keptSeconds * 1000;
  await refreshPurges(db, { keyTags, nowMs, requestedBeforeMs });
  const again = await purgeCachedMedia(context);
  if (again !== null) info("cached media remain to be purged by the next run", { retry_after_seconds: again });
}
