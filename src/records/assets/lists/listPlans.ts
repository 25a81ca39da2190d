/**
 * Query plans of asset lists: one or more inputs, each in order on its index, merged by SQLite. An input reads one row
 * more than it contributes. Filters outside the index are checked row by row, in scans of a limited number of rows.
 */
import { sql, type SQL } from "drizzle-orm";
import { isAfterKey, sortKeyRange, trashClearedAt, type AssetFilter, type CursorKey } from "../assetFilters.ts";
import { byTime, byTrashTime, conditions, type Input } from "./listInput.ts";
import { membersOf } from "./albumInputs.ts";
import { hasPeople, personInputs } from "./personInputs.ts";
import { unionAll } from "../../sql/unionAll.ts";
import { sqlId, sqlNumber } from "../../sql/sqlLiterals.ts";
import { coveringCells, WIDE_BOX_LEVEL } from "../../map/mapCells.ts";
import {
  cellExpression,
  inAlbumExpression,
  ratingExpression,
  TRASH_BUCKET_US,
  trashBucketExpression,
} from "../sortKeys.ts";

/** Oldest and newest capture time in the trash, within the filter's dates. */
export interface TrashSpan {
  firstUs: number | null;
  lastUs: number | null;
}

function assetsBy(index: string): SQL {
  return sql`assets a INDEXED BY ${sql.raw(index)}`;
}

const MAX_TRASH_BUCKETS = 60;

/** The trash is in order of trash time. A narrow range of capture dates merges its 30-day buckets. */
function trashInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  const scan = [{ from: assetsBy("assets_trashed"), ...conditions(filter, []), ...byTrashTime }];
  if (span === null) return scan;
  if (span.firstUs === null || span.lastUs === null) return [];
  const first = Math.trunc(span.firstUs / TRASH_BUCKET_US);
  const last = Math.trunc(span.lastUs / TRASH_BUCKET_US);
  // A range of five years or more matches most of a trash, so a filtered scan is cheaper.
  if (last - first >= MAX_TRASH_BUCKETS) return scan;
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: assetsBy("assets_trashed_by_bucket"),
    ...conditions(filter, [sql`${trashBucketExpression("a.")} = ${sqlNumber(first + i)}`]),
    ...byTrashTime,
  }));
}

/**
 * Cell indexes hold live assets. Trashed assets inside the box come from a filtered scan of the trash, which is small.
 */
function mapInputs(filter: AssetFilter): Input[] {
  if (filter.box === null || filter.state === "trashed") return [];
  const { level, cells } = coveringCells(filter.box);
  const hasPosition = sql`a.trashed_at IS NULL AND a.latitude IS NOT NULL AND a.longitude IS NOT NULL`;
  const inputs = cells.map((cell) => ({
    from: assetsBy(`assets_cell_${level}`),
    ...conditions(filter, [sql`${cellExpression(level, "a.")} = ${sqlNumber(cell)}`, hasPosition]),
    ...byTime,
  }));
  if (filter.state === "live") return inputs;
  return [...inputs, trashByTimeInput(filter)];
}

function trashByTimeInput(filter: AssetFilter): Input {
  return {
    from: assetsBy("assets_trashed_by_time"),
    ...conditions(filter, [sql`a.trashed_at IS NOT NULL`]),
    ...byTime,
  };
}

/**
 * Live assets without a narrowing filter, or one range per media type and album flag that the filter includes, for each
 * of its ratings: at most 20.
 */
function liveInputs(filter: AssetFilter): Input[] {
  const { albumFilter, mediaType, ratings } = filter;
  if (albumFilter === "all" && mediaType === null && ratings === null) {
    return [{ from: assetsBy("assets_live"), ...conditions(filter, []), ...byTime }];
  }
  const mediaTypes = mediaType === null ? ["image", "video"] : [mediaType];
  const flags = { all: [0, 1], in_album: [1], not_in_album: [0] }[albumFilter];
  const kinds = mediaTypes.flatMap((type) =>
    flags.map((flag) => [sql`a.media_type = ${type}`, sql`${inAlbumExpression("a.")} = ${sqlNumber(flag)}`]),
  );
  const from = assetsBy(ratings === null ? "assets_by_kind" : "assets_by_rating");
  const isRated = (rating: number): SQL => sql`${ratingExpression("a.")} = ${sqlNumber(rating)}`;
  const equalities =
    ratings === null ? kinds : ratings.flatMap((rating) => kinds.map((kind) => [isRated(rating), ...kind]));
  return equalities.map((range) => ({
    from,
    ...conditions(filter, range, ["mediaType", "albumFilter", "ratings"]),
    ...byTime,
  }));
}

/** Few assets are rated, and a box of continents has more; `indexChoice.ts` decides for smaller boxes. */
function prefersRatings({ ratings, box, index }: AssetFilter): boolean {
  if (ratings === null || ratings.includes(0) || box === null) return false;
  return index === undefined ? coveringCells(box).level <= WIDE_BOX_LEVEL : index === "ratings";
}

/** People come first, unless counts chose another index at a place. */
function prefersPeople({ index = "people" }: AssetFilter): boolean {
  return index === "people";
}

/** Chooses the narrowest index: an album, a stack, people, the trash, a map box, else the library in capture order. */
function chooseInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  if (filter.albumId !== null) return membersOf(filter, filter.albumId);
  const sort = filter.state === "trashed" ? byTrashTime : byTime;
  if (filter.stackId !== null) {
    const equalities = [sql`a.stack_id IS NOT NULL`, sql`a.stack_id = ${sqlId(filter.stackId)}`];
    return [{ from: assetsBy("assets_by_stack"), ...conditions(filter, equalities, ["stackId"]), ...sort }];
  }
  if (hasPeople(filter) && prefersPeople(filter)) return personInputs(filter);
  if (filter.state === "trashed") return trashInputs(filter, span);
  if (filter.box !== null && !prefersRatings(filter)) return mapInputs(filter);
  if (filter.state === "live") return liveInputs(filter);
  // Live and trashed assets have an index each in capture order; an index of both would be one more row per upload.
  return [...liveInputs({ ...filter, state: "live" }), trashByTimeInput(filter)];
}

/** One bound per side, as for capture times. The lower bound skips rows of a cleared trash at the end of the trash. */
function trashRange({ trashKey }: Input, filter: AssetFilter, afterKey: CursorKey | null): SQL[] {
  const after = afterKey === null ? [] : [isAfterKey(trashKey, afterKey, filter.order)];
  if (filter.order === "asc" && afterKey !== null) return after;
  return [sql`${trashKey} >= printf('%012x', ${trashClearedAt(filter)} + 1)`, ...after];
}

function mergeKeyOf(input: Input): SQL {
  return input.order === "time" ? input.timeKey : input.trashKey;
}

function whereOf(input: Input, filter: AssetFilter, afterKey: CursorKey | null): SQL {
  const where = [...input.where, ...sortKeyRange(filter, input.timeKey, input.order === "time" ? afterKey : null)];
  if (input.order === "trash") where.push(...trashRange(input, filter, afterKey));
  return sql.join(where, sql` AND `);
}

function conjunction(conditionsOfRow: SQL[]): SQL {
  return sql.join(conditionsOfRow, sql` AND `);
}

function select(input: Input, filter: AssetFilter, afterKey: CursorKey | null, columns: SQL): SQL {
  return sql`SELECT ${columns}, ${mergeKeyOf(input)} AS merge_key FROM ${input.from} WHERE ${whereOf(input, filter, afterKey)}`;
}

/** Inputs for all matches in any order: a range of capture dates in the trash is one index range. */
export function unorderedInputs(filter: AssetFilter): Input[] {
  const isDated = filter.after !== null || filter.before !== null;
  const isNarrow = filter.albumId !== null || filter.stackId !== null || hasPeople(filter);
  if (filter.state !== "trashed" || !isDated || isNarrow) {
    return chooseInputs(filter, null);
  }
  return [trashByTimeInput(filter)];
}

/**
 * Inputs for the matches of a short time, with few ranges in the SQL text: one per state, on which most filters are
 * checked row by row.
 */
export function inputsOfSpan(filter: AssetFilter): Input[] {
  if (filter.albumId !== null) return membersOf(filter, filter.albumId);
  if (hasPeople(filter)) return inputsInCaptureOrder(filter);
  const live = { from: assetsBy("assets_live"), ...conditions({ ...filter, state: "live" }, []), ...byTime };
  return [
    ...(filter.state === "trashed" ? [] : [live]),
    ...(filter.state === "live" ? [] : [trashByTimeInput({ ...filter, state: "trashed" })]),
  ];
}

/** Inputs in capture order, which lists of the trash are not in. */
function inputsInCaptureOrder(filter: AssetFilter): Input[] {
  if (filter.albumId === null && filter.stackId === null && filter.state === "trashed") {
    return hasPeople(filter) ? personInputs(filter, "time") : [trashByTimeInput(filter)];
  }
  return chooseInputs(filter, null).map((input) => ({ ...input, order: "time" }));
}

/**
 * A SELECT of the first `limit` rows after `afterKey` in capture order, with `matches`: whether a row fulfils the
 * unindexed filters, and `merge_key`, its sort key. Returns null if the filter excludes every row.
 */
export function rowsInCaptureOrder(
  filter: AssetFilter,
  afterKey: string | null,
  limit: number,
  columns: SQL,
): SQL | null {
  const selects = inputsInCaptureOrder(filter).map((input) =>
    select(input, filter, afterKey, sql`${columns}, ${conjunction([sql`TRUE`, ...input.checks])} AS matches`),
  );
  if (selects.length === 0) return null;
  return sql`${unionAll(selects)} ORDER BY merge_key ${sql.raw(filter.order)} LIMIT ${sqlNumber(limit)}`;
}

/**
 * A SELECT of up to `limit` rows in any order, with `matches`: whether a row fulfils the unindexed filters. Returns
 * null if the filter excludes every row. `columns` is SQL over `a`.
 */
export function scannedRows(filter: AssetFilter, columns: SQL, limit: number): SQL | null {
  const selects = unorderedInputs(filter).map(
    (input) => sql`SELECT ${columns}, ${conjunction([sql`TRUE`, ...input.checks])} AS matches
      FROM ${input.from} WHERE ${whereOf(input, filter, null)}`,
  );
  return selects.length === 0 ? null : sql`${unionAll(selects)} LIMIT ${sqlNumber(limit)}`;
}

export interface ListPlan {
  /** A SELECT of the first `count` matching rows after `afterKey`, in order. `columns` is SQL over `a`. */
  rows(afterKey: CursorKey | null, count: number, columns: SQL): SQL;
  /**
   * A SELECT of `merge_key`, the last row that `rows` scans before it stops; without result if it scans all rows. Null
   * if the indexes serve every filter, so that `rows` scans only matches.
   */
  scanEnd: ((afterKey: CursorKey | null) => SQL) | null;
}

/**
 * Plans a list. Returns null if the filter excludes every row. `scanRows` limits the rows that one SELECT reads to find
 * matches. ORDER BY and LIMIT belong to the compound SELECT itself: around it, SQLite would sort every input instead of
 * merging them.
 */
export function planList(filter: AssetFilter, span: TrashSpan | null, scanRows: number): ListPlan | null {
  const inputs = chooseInputs(filter, span);
  if (inputs.length === 0) return null;
  const merged = (afterKey: CursorKey | null, limit: SQL, columnsOf: (input: Input) => SQL): SQL =>
    sql`${unionAll(inputs.map((input) => select(input, filter, afterKey, columnsOf(input))))}
      ORDER BY merge_key ${sql.raw(filter.order)} LIMIT ${limit}`;
  if (inputs.every((input) => input.checks.length === 0)) {
    return { rows: (afterKey, count, columns) => merged(afterKey, sql`${count}`, () => columns), scanEnd: null };
  }
  const checked = (input: Input, columns: SQL): SQL =>
    sql`${columns}, ${conjunction([sql`TRUE`, ...input.checks])} AS matches`;
  return {
    // SQLite stops scanning as soon as the outer LIMIT is reached.
    rows: (afterKey, count, columns) =>
      sql`SELECT * FROM (${merged(afterKey, sqlNumber(scanRows), (input) => checked(input, columns))})
        WHERE matches LIMIT ${count}`,
    scanEnd: (afterKey) =>
      sql`SELECT merge_key FROM (${merged(afterKey, sql`1 OFFSET ${sqlNumber(scanRows - 1)}`, () => sql`0`)})`,
  };
}
