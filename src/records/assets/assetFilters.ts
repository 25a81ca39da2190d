/** The conditions of an asset list, as SQL over `a`, the assets row. Says nothing of order or plan. */
import { sql, type SQL } from "drizzle-orm";
import { instantUs, MINUTE_US, type WallTime } from "../../kernel/time.ts";
import { emptiedAtOf } from "../libraries/libraries.ts";
import { id, number, sortKey } from "../sql/sqlLiterals.ts";
import type { Box } from "../map/mapCells.ts";
import { sortKeyFrom } from "./sortKeys.ts";

export interface Circle {
  latitude: number;
  longitude: number;
  radiusM: number;
}

export interface AssetFilter {
  libraryId: string;
  state: "live" | "trashed" | "all";
  order: "asc" | "desc";
  ids: string[] | null;
  albumId: string | null;
  albumFilter: "all" | "in_album" | "not_in_album";
  stackId: string | null;
  mediaType: "image" | "video" | null;
  /** Both bounds exclusive. */
  after: WallTime | null;
  before: WallTime | null;
  box: Box | null;
  circle: Circle | null;
  /** What was trashed up to then is gone: records/trash. Left out, it is looked up, one row for each input of a plan. */
  emptiedAt?: number;
}

/** Every live asset of a library, newest first: what a filter narrows. */
export const everyAsset = {
  state: "live",
  order: "desc",
  ids: null,
  albumId: null,
  albumFilter: "all",
  stackId: null,
  mediaType: null,
  after: null,
  before: null,
  box: null,
  circle: null,
} as const satisfies Omit<AssetFilter, "libraryId">;

export type DateFilter = Pick<AssetFilter, "after" | "before" | "order">;

/** No zone is further from UTC, so an aware bound needs no wall clock beyond this. */
export const WIDEST_OFFSET_US = 14 * 60 * MINUTE_US;

/**
 * Bounds on a sort key: exact for a naive date, wide by 14 h for an aware one; `behind` is the cursor of a page in time
 * order. One bound a side, the tighter, for SQLite seeks by the first it finds and steps over the rest row by row.
 */
export function keyRange(filter: DateFilter, column: SQL, behind: string | null = null): SQL[] {
  const { after, before, order } = filter;
  const margin = (bound: WallTime): number => (bound.offsetMinutes === null ? 0 : WIDEST_OFFSET_US);
  const low = after === null ? null : sortKeyFrom(instantUs(after) - margin(after) + 1);
  const high = before === null ? null : sortKeyFrom(instantUs(before) + margin(before));
  const [above, below] = order === "asc" ? [behind, null] : [null, behind];
  return [
    ...(above !== null && (low === null || above >= low) ? [sql`${column} > ${sortKey(above)}`] : atLeast(column, low)),
    ...(below !== null && (high === null || below <= high)
      ? [sql`${column} < ${sortKey(below)}`]
      : under(column, high)),
  ];
}

function atLeast(column: SQL, low: string | null): SQL[] {
  return low === null ? [] : [sql`${column} >= ${sortKey(low)}`];
}

function under(column: SQL, high: string | null): SQL[] {
  return high === null ? [] : [sql`${column} < ${sortKey(high)}`];
}

/** Aware: assets with an offset compare as UTC, those without by their wall clock against the bound's. */
function awareBound(bound: WallTime | null, comparison: SQL): SQL[] {
  if (bound === null || bound.offsetMinutes === null) return [];
  return [
    sql`CASE WHEN a.local_offset_minutes IS NULL THEN a.local_us ${comparison} ${number(bound.wallUs)}
      ELSE a.local_us - a.local_offset_minutes * ${number(MINUTE_US)} ${comparison} ${number(instantUs(bound))} END`,
  ];
}

function insideBox(box: Box | null): SQL[] {
  if (box === null) return [];
  const longitudes =
    box.west <= box.east
      ? sql`a.longitude BETWEEN ${number(box.west)} AND ${number(box.east)}`
      : sql`(a.longitude >= ${number(box.west)} OR a.longitude <= ${number(box.east)})`;
  return [sql`a.latitude BETWEEN ${number(box.south)} AND ${number(box.north)}`, longitudes];
}

/** Haversine on a sphere of 6,371,008.8 m: within 0.6 % of the ellipsoid. */
function insideCircle(circle: Circle | null): SQL[] {
  if (circle === null) return [];
  const [latitude, longitude, radiusM] = [number(circle.latitude), number(circle.longitude), number(circle.radiusM)];
  return [
    sql`2 * 6371008.8 * asin(min(1, sqrt(
      pow(sin(radians(a.latitude - ${latitude}) / 2), 2) +
      cos(radians(${latitude})) * cos(radians(a.latitude)) * pow(sin(radians(a.longitude - ${longitude}) / 2), 2)))) <= ${radiusM}`,
  ];
}

/** What the trash was emptied of is no more in it, though its rows may be there. */
export function emptiedAt(filter: AssetFilter): SQL {
  return filter.emptiedAt === undefined ? emptiedAtOf(id(filter.libraryId)) : number(filter.emptiedAt);
}

function inState(filter: AssetFilter): SQL {
  if (filter.state === "live") return sql`a.trashed_at IS NULL`;
  // The first half is what the partial indexes of the trash ask for.
  const inTrash = sql`a.trashed_at IS NOT NULL AND a.trashed_at > ${emptiedAt(filter)}`;
  return filter.state === "trashed" ? inTrash : sql`(a.trashed_at IS NULL OR a.trashed_at > ${emptiedAt(filter)})`;
}

const albumness = { all: [], in_album: [sql`a.album_count > 0`], not_in_album: [sql`a.album_count = 0`] };

/** Every condition an asset must meet, whichever index finds it; `keyRange` adds the dates. */
export function conditions(filter: AssetFilter): SQL[] {
  return [
    sql`a.library_id = ${id(filter.libraryId)}`,
    inState(filter),
    ...albumness[filter.albumFilter],
    ...(filter.mediaType === null ? [] : [sql`a.media_type = ${filter.mediaType}`]),
    ...(filter.stackId === null ? [] : [sql`a.stack_id = ${id(filter.stackId)}`]),
    ...awareBound(filter.after, sql`>`),
    ...awareBound(filter.before, sql`<`),
    ...insideBox(filter.box),
    ...insideCircle(filter.circle),
  ];
}
