import { AppError } from "../../kernel/errors.ts";
import { toInstantUs, type WallTime } from "../../kernel/time.ts";
import * as records from "../../records/events/eventFeed.ts";
import type { Principal } from "../accounts/authentication.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import type { Context } from "../context.ts";

export { entityTypes, type EntityType, type FeedEvent } from "../../records/events/eventFeed.ts";

export interface ListEventsParams {
  libraryId: string | null;
  afterCursor: string | null;
  /** Inclusive. */
  createdFrom: WallTime | null;
  /** Exclusive. */
  createdBefore: WallTime | null;
  entityTypes: records.EntityType[] | null;
  limit: number;
}

const CURSOR_PATTERN = /^ev_[1-9a-z][0-9a-z]{0,10}$/;

/** Encodes the feed position of an event. The cursor stays valid after the event is deleted. */
export function encodeCursor(event: records.FeedEvent): string {
  return `ev_${event.seq.toString(36)}`;
}

function throwInvalidCursor(): never {
  throw new AppError("bad_request", "invalid after_cursor");
}

function parseCursor(cursor: string): number {
  const seq = CURSOR_PATTERN.test(cursor) ? Number.parseInt(cursor.slice("ev_".length), 36) : 0;
  return Number.isSafeInteger(seq) && seq > 0 ? seq : throwInvalidCursor();
}

/** Rounds a bound up to milliseconds, the resolution of event times. */
function ceilToMs(bound: WallTime | null): number | null {
  return bound === null ? null : Math.ceil(toInstantUs(bound) / 1000);
}

/** Rejects cursors beyond the last event. A replica can lag behind the cursor, so the primary is checked first. */
async function requireIssuedCursor(context: Context, seq: number, lastSeq: number): Promise<void> {
  if (seq <= lastSeq) return;
  if (context.db.consistency === "primary" || seq > (await records.findLastSeq(context.db.primary())))
    throwInvalidCursor();
}

/**
 * Lists the change feed of one library after a cursor, oldest first.
 * Throws `bad_request` for a malformed cursor or one beyond the last event.
 */
export async function listEvents(
  context: Context,
  principal: Principal,
  params: ListEventsParams,
): Promise<records.FeedPage> {
  const afterSeq = params.afterCursor === null ? 0 : parseCursor(params.afterCursor);
  const { checked: lastSeq, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.lastSeqQuery,
    select: (library) =>
      records.feedPageQuery({
        libraryId: library.id,
        afterSeq,
        createdFrom: ceilToMs(params.createdFrom),
        createdBefore: ceilToMs(params.createdBefore),
        entityTypes: params.entityTypes === null ? null : [...new Set(params.entityTypes)],
        limit: params.limit,
      }),
  });
  await requireIssuedCursor(context, afterSeq, lastSeq);
  return (await read()) ?? { events: [], hasMore: false };
}
