/** The change feed: what happened in a library, from wherever its reader has come to. */
import { AppError } from "../../kernel/errors.ts";
import { instantUs, type WallTime } from "../../kernel/time.ts";
import type { Database } from "../../records/database.ts";
import * as records from "../../records/events/eventFeed.ts";
import type { Principal } from "../accounts/authentication.ts";
import { demandLibrary } from "../libraries/libraries.ts";

export { entityTypes, type EntityType, type FeedEvent } from "../../records/events/eventFeed.ts";

export interface FeedQuestion {
  libraryId: string | null;
  afterCursor: string | null;
  /** Inclusive. */
  createdFrom: WallTime | null;
  /** Exclusive. */
  createdBefore: WallTime | null;
  entityTypes: records.EntityType[] | null;
  limit: number;
}

const CURSOR = /^ev_[1-9a-z][0-9a-z]{0,10}$/;

/** Where an event stands in the feed. A place, and not a row: it stays good when the event is gone. */
export function cursorOf(event: records.FeedEvent): string {
  return `ev_${event.seq.toString(36)}`;
}

function refuseCursor(): never {
  throw new AppError("bad_request", "after_cursor is none that this feed gave");
}

function seqOf(cursor: string): number {
  const seq = CURSOR.test(cursor) ? Number.parseInt(cursor.slice("ev_".length), 36) : 0;
  return Number.isSafeInteger(seq) && seq > 0 ? seq : refuseCursor();
}

/** Events are timed in milliseconds: none lies between a bound and the next whole one. */
function wholeMs(bound: WallTime | null): number | null {
  return bound === null ? null : Math.ceil(instantUs(bound) / 1000);
}

/** A replica may not have heard yet of what the cursor's holder has read: ask the primary before refusing it. */
async function demandGiven(db: Database, seq: number, lastSeq: number): Promise<void> {
  if (seq <= lastSeq) return;
  if (db.consistency === "primary" || seq > (await records.findLastSeq(db.primary()))) refuseCursor();
}

export async function listEvents(db: Database, who: Principal, question: FeedQuestion) {
  const afterSeq = question.afterCursor === null ? 0 : seqOf(question.afterCursor);
  const context = await records.readFeedContext(db, who, question.libraryId);
  const library = demandLibrary(context.libraries, question.libraryId);
  await demandGiven(db, afterSeq, context.lastSeq);
  return await records.listEvents(db, {
    libraryId: library.id,
    afterSeq,
    createdFrom: wholeMs(question.createdFrom),
    createdBefore: wholeMs(question.createdBefore),
    entityTypes: question.entityTypes === null ? null : [...new Set(question.entityTypes)],
    limit: question.limit,
  });
}
