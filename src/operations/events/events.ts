import { AppError } from "../../kernel/errors.ts";
import { toInstantUs, type WallTime } from "../../kernel/time.ts";
import * as records from "../../records/events/eventFeed.ts";
import type { Principal } from "../accounts/authentication.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import type { Context } from "../context.ts";

export { entityTypes, type FeedEvent } from "../../records/events/eventFeed.ts";

export interface ListEventsParams {
  libraryId: string | null;
  afterCursor: string | null;
  /** The `asOf` of another read, where this one stops too. */
  asOf: string | null;
  /** Inclusive. */
  createdFrom: WallTime | null;
  /** Exclusive. */
  createdBefore: WallTime | null;
  entityTypes: string[] | null;
  limit: number;
}

export interface EventPage {
  events: records.FeedEvent[];
  hasMore: boolean;
  /** The position after this page, with the end of this read while `hasMore`; null before the first event. */
  nextCursor: string | null;
  /** The end of this read. */
  asOf: string;
}

/** A position is a sequence number in base 36, so that cursors stay short. */
const POSITION = "[1-9a-z][0-9a-z]{0,10}";
const CURSOR = new RegExp(`^ev_(${POSITION})(?:_(${POSITION}))?$`);
const AS_OF = new RegExp(`^at_(0|${POSITION})$`);

/** Encodes the feed position of an event. The cursor stays valid after the event is deleted. */
export function encodeCursor({ seq }: Pick<records.FeedEvent, "seq">): string {
  return `ev_${seq.toString(36)}`;
}

function throwInvalid(parameter: "after_cursor" | "as_of"): never {
  throw new AppError("bad_request", `invalid ${parameter}`);
}

function parsePosition(parameter: "after_cursor" | "as_of", position: string | undefined): number {
  const seq = Number.parseInt(position ?? "", 36);
  return Number.isSafeInteger(seq) ? seq : throwInvalid(parameter);
}

interface Positions {
  /** The last event that the client has. */
  afterSeq: number;
  /** The end of the read that the cursor continues. */
  cursorEnd: number | null;
  /** The end of the sync's first read. */
  asOf: number | null;
}

function parsePositions(afterCursor: string | null, asOf: string | null): Positions {
  const cursor = afterCursor === null ? null : (CURSOR.exec(afterCursor) ?? throwInvalid("after_cursor"));
  const bound = asOf === null ? null : (AS_OF.exec(asOf) ?? throwInvalid("as_of"));
  const afterSeq = cursor === null ? 0 : parsePosition("after_cursor", cursor[1]);
  const cursorEnd = cursor?.[2] === undefined ? null : parsePosition("after_cursor", cursor[2]);
  if (cursorEnd !== null && cursorEnd < afterSeq) throwInvalid("after_cursor");
  return { afterSeq, cursorEnd, asOf: bound === null ? null : parsePosition("as_of", bound[1]) };
}

/** The last event of a read; null for the end of the feed. */
function endOf({ cursorEnd, asOf }: Positions): number | null {
  const ends = [cursorEnd, asOf].filter((end) => end !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Rounds a bound up to milliseconds, the resolution of event times. */
function ceilToMs(bound: WallTime | null): number | null {
  return bound === null ? null : Math.ceil(toInstantUs(bound) / 1000);
}

function isEntityType(type: string): type is records.EntityType {
  return records.entityTypes.some((known) => known === type);
}

/** Throws for an unknown type: a client that asks for it would wait for its events forever. */
function parseEntityTypes(types: string[] | null): records.EntityType[] | null {
  if (types === null) return null;
  const unknown = types.find((type) => !isEntityType(type));
  if (unknown !== undefined) throw new AppError("bad_request", `unknown entity type: ${unknown.slice(0, 50)}`);
  return [...new Set(types.filter((type) => isEntityType(type)))];
}

/** Rejects positions beyond the last event, as after the restore of an older database. */
function requireIssuedPositions({ afterSeq, cursorEnd, asOf }: Positions, lastSeq: number): void {
  if (Math.max(afterSeq, cursorEnd ?? 0) > lastSeq) throwInvalid("after_cursor");
  if (asOf !== null && asOf > lastSeq) throwInvalid("as_of");
}

/**
 * Lists the change feed of one library after a cursor, oldest first. Positions grow in the order of commits, because
 * D1 has one writer: a read up to the last event returns every committed event once.
 * Throws `bad_request` for an unknown entity type, and for a cursor or an `asOf` that is malformed or beyond the last
 * event.
 */
export async function listEvents(context: Context, principal: Principal, params: ListEventsParams): Promise<EventPage> {
  const positions = parsePositions(params.afterCursor, params.asOf);
  const untilSeq = endOf(positions);
  const entityTypes = parseEntityTypes(params.entityTypes);
  const { checked: lastSeq, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.lastSeqQuery,
    select: (library) =>
      records.feedPageQuery({
        libraryId: library.id,
        afterSeq: positions.afterSeq,
        untilSeq,
        createdFrom: ceilToMs(params.createdFrom),
        createdBefore: ceilToMs(params.createdBefore),
        entityTypes,
        limit: params.limit,
      }),
  });
  const { afterSeq, cursorEnd, asOf } = positions;
  const isBehind = Math.max(afterSeq, cursorEnd ?? 0, asOf ?? 0) > lastSeq;
  // A replica can lag behind a position that the primary issued, and lacks events up to it.
  if (isBehind && context.db.consistency !== "primary") {
    return await listEvents({ ...context, db: context.db.primary() }, principal, params);
  }
  requireIssuedPositions(positions, lastSeq);
  const { events, hasMore } = (await read()) ?? { events: [], hasMore: false };
  const seq = events.at(-1)?.seq ?? afterSeq;
  // The page may be read after the last position was: it then ends at its own last event.
  const end = (untilSeq ?? Math.max(lastSeq, seq)).toString(36);
  const cursor = seq === 0 ? null : encodeCursor({ seq });
  const nextCursor = cursor !== null && hasMore ? `${cursor}_${end}` : cursor;
  return { events, hasMore, nextCursor, asOf: `at_${end}` };
}
