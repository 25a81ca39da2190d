/** The conditions of an asset list, as SQL over `a`, the assets row. */
import { sql, type SQL } from "drizzle-orm";
import { toInstantUs, MINUTE_US, type WallTime } from "../../kernel/time.ts";
import { isVisible, trashClearedAtOf } from "../libraries/libraries.ts";
import { inList } from "../sql/jsonList.ts";
import { sqlId, sqlNumber, sqlSortKey } from "../sql/sqlLiterals.ts";
import type { Box } from "../map/mapCells.ts";
import { ratingExpression, sortKeyPrefix } from "./sortKeys.ts";

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
  /** Distinct people who are all on the asset; null for every asset. */
  personIds: readonly string[] | null;
  mediaType: "image" | "video" | null;
  /** Distinct ratings from 0 to 5; 0 includes unrated assets. Null if every rating matches. */
  ratings: readonly number[] | null;
  /** Both bounds are exclusive. */
  after: WallTime | null;
  before: WallTime | null;
  box: Box | null;
  circle: Circle | null;
  /** The library's `trash_cleared_at`. If undefined, each input of a plan reads it, which costs one row. */
  trashClearedAt?: number;
  /** The index that is read for a rating or people at a place; `indexChoice.ts` chooses it by counts. */
  index?: PlaceIndex;
}

export type PlaceIndex = "place" | "ratings" | "people";

/** Every live asset of a library, newest first: the default of each filter. */
export const everyAsset = {
  state: "live",
  order: "desc",
  ids: null,
  albumId: null,
  albumFilter: "all",
  stackId: null,
  personIds: null,
  mediaType: null,
  ratings: null,
  after: null,
  before: null,
  box: null,
  circle: null,
} as const satisfies Omit<AssetFilter, "libraryId">;

export type DateFilter = Pick<AssetFilter, "after" | "before" | "order">;

/** The largest UTC offset: local times that match a date bound with an offset are at most this far away. */
export const MAX_OFFSET_US = 14 * 60 * MINUTE_US;

/** The key after which a page starts: its value, or SQL that looks it up. */
export type CursorKey = string | SQL;

function sqlCursorKey(key: CursorKey): SQL {
  return typeof key === "string" ? sqlSortKey(key) : key;
}

/**
 * Bounds on a sort key: exact for a date without an offset, 14 h wider for one with an offset. `afterKey` is the cursor
 * of a page in capture order. Only the tighter bound of each side is used, because SQLite seeks to the first one it
 * finds and reads the rows up to the other.
 */
export function sortKeyRange(filter: DateFilter, column: SQL, afterKey: CursorKey | null = null): SQL[] {
  const { after, before, order } = filter;
  const margin = (bound: WallTime): number => (bound.offsetMinutes === null ? 0 : MAX_OFFSET_US);
  const low = after === null ? null : sortKeyPrefix(toInstantUs(after) - margin(after) + 1);
  const high = before === null ? null : sortKeyPrefix(toInstantUs(before) + margin(before));
  const [above, below] = order === "asc" ? [afterKey, null] : [null, afterKey];
  return [...lowerBound(column, above, low), ...upperBound(column, below, high)];
}

/** `low` is the prefix of a key and equals none, so that `>` and `>=` mean the same. */
function lowerBound(column: SQL, above: CursorKey | null, low: string | null): SQL[] {
  if (above === null) return low === null ? [] : [sql`${column} >= ${sqlSortKey(low)}`];
  if (low === null) return [sql`${column} > ${sqlCursorKey(above)}`];
  if (typeof above !== "string") return [sql`${column} > max(${above}, ${sqlSortKey(low)})`];
  return [sql`${column} > ${sqlSortKey(above >= low ? above : low)}`];
}

function upperBound(column: SQL, below: CursorKey | null, high: string | null): SQL[] {
  if (below === null) return high === null ? [] : [sql`${column} < ${sqlSortKey(high)}`];
  if (high === null) return [sql`${column} < ${sqlCursorKey(below)}`];
  if (typeof below !== "string") return [sql`${column} < min(${below}, ${sqlSortKey(high)})`];
  return [sql`${column} < ${sqlSortKey(below <= high ? below : high)}`];
}

/** A condition: the column is after the key in this direction. */
export function isAfterKey(column: SQL, key: CursorKey, order: DateFilter["order"]): SQL {
  return sql`${column} ${sql.raw(order === "asc" ? ">" : "<")} ${sqlCursorKey(key)}`;
}

/** A bound with an offset: assets with an offset compare in UTC, others compare their local time to the bound's. */
function offsetBound(bound: WallTime | null, comparison: SQL): SQL[] {
  if (bound === null || bound.offsetMinutes === null) return [];
  return [
    sql`CASE WHEN a.local_offset_minutes IS NULL THEN a.local_us ${comparison} ${sqlNumber(bound.wallUs)}
      ELSE a.local_us - a.local_offset_minutes * ${sqlNumber(MINUTE_US)} ${comparison} ${sqlNumber(toInstantUs(bound))} END`,
  ];
}

function insideBox(box: Box | null): SQL[] {
  if (box === null) return [];
  const longitudes =
    box.west <= box.east
      ? sql`a.longitude BETWEEN ${sqlNumber(box.west)} AND ${sqlNumber(box.east)}`
      : sql`(a.longitude >= ${sqlNumber(box.west)} OR a.longitude <= ${sqlNumber(box.east)})`;
  return [sql`a.latitude BETWEEN ${sqlNumber(box.south)} AND ${sqlNumber(box.north)}`, longitudes];
}

/** Haversine on a sphere of 6,371,008.8 m: within 0.6 % of the ellipsoid. */
function insideCircle(circle: Circle | null): SQL[] {
  if (circle === null) return [];
  const [latitude, longitude] = [sqlNumber(circle.latitude), sqlNumber(circle.longitude)];
  return [
    sql`2 * 6371008.8 * asin(min(1, sqrt(
      pow(sin(radians(a.latitude - ${latitude}) / 2), 2) +
      cos(radians(${latitude})) * cos(radians(a.latitude)) * pow(sin(radians(a.longitude - ${longitude}) / 2), 2)))) <= ${sqlNumber(circle.radiusM)}`,
  ];
}

export function trashClearedAt(filter: AssetFilter): SQL {
  return filter.trashClearedAt === undefined
    ? trashClearedAtOf(sqlId(filter.libraryId))
    : sqlNumber(filter.trashClearedAt);
}

function inState(filter: AssetFilter): SQL {
  if (filter.state === "live") return sql`a.trashed_at IS NULL`;
  if (filter.state === "all") return isVisible(sql`a.trashed_at`, trashClearedAt(filter));
  // SQLite uses the trash's partial indexes only for a query that states their condition, IS NOT NULL.
  return sql`a.trashed_at IS NOT NULL AND a.trashed_at > ${trashClearedAt(filter)}`;
}

const inAlbumConditions: Record<AssetFilter["albumFilter"], SQL[]> = {
  all: [],
  in_album: [sql`a.album_count > 0`],
  not_in_album: [sql`a.album_count = 0`],
};

/** The conditions that every index of assets begins with or implies, and the exact date range around offsets. */
export function scopeConditions(filter: AssetFilter): SQL[] {
  return [
    sql`a.library_id = ${sqlId(filter.libraryId)}`,
    inState(filter),
    ...offsetBound(filter.after, sql`>`),
    ...offsetBound(filter.before, sql`<`),
  ];
}

function hasRating(ratings: readonly number[] | null): SQL[] {
  if (ratings === null) return [];
  return [sql`${ratingExpression("a.")} IN (${sql.join(ratings.map(sqlNumber), sql`, `)})`];
}

/** Seeks each of the people on the asset. */
function showsPeople(personIds: AssetFilter["personIds"]): SQL[] {
  if (personIds === null) return [];
  const [first = ""] = personIds;
  if (personIds.length === 1) {
    return [sql`EXISTS (SELECT 1 FROM person_assets o WHERE o.asset_id = a.id AND o.person_id = ${sqlId(first)})`];
  }
  return [
    sql`(SELECT count(*) FROM person_assets o WHERE o.asset_id = a.id AND ${inList(sql`o.person_id`, personIds)}) = ${sqlNumber(personIds.length)}`,
  ];
}

/** The narrowing filters. An index serves some of them; the others are checked row by row. */
const narrowings = ["albumFilter", "mediaType", "ratings", "stackId", "people", "box"] as const;
export type Narrowing = (typeof narrowings)[number];

/** Conditions of the narrowing filters, except those that the chosen index serves. */
export function narrowingConditions(filter: AssetFilter, served: readonly Narrowing[] = []): SQL[] {
  const conditions: Record<Narrowing, SQL[]> = {
    albumFilter: inAlbumConditions[filter.albumFilter],
    mediaType: filter.mediaType === null ? [] : [sql`a.media_type = ${filter.mediaType}`],
    ratings: hasRating(filter.ratings),
    stackId: filter.stackId === null ? [] : [sql`a.stack_id = ${sqlId(filter.stackId)}`],
    people: showsPeople(filter.personIds),
    box: [...insideBox(filter.box), ...insideCircle(filter.circle)],
  };
  return narrowings.filter((name) => !served.includes(name)).flatMap((name) => conditions[name]);
}

/** Every condition except the date range (`sortKeyRange`), for any index. */
export function filterConditions(filter: AssetFilter): SQL[] {
  return [...scopeConditions(filter), ...narrowingConditions(filter)];
}
