/**
 * How an asset list is found: one or more inputs, each already in order on its index, merged by SQLite.
 * An input costs one row more than it gives; nothing is sorted and nothing skipped but what a comment names.
 */
import { sql, type SQL } from "drizzle-orm";
import { conditions, emptiedAt, keyRange, type AssetFilter } from "./assetFilters.ts";
import { unionAll } from "../sql/unionAll.ts";
import { id, number, sortKey } from "../sql/sqlLiterals.ts";
import { coveringCells } from "../map/mapCells.ts";
import { cellExpression, inAlbumExpression, TRASH_BUCKET_US, trashBucketExpression } from "./sortKeys.ts";

/** The oldest and newest capture time in the trash, within the filter's dates. */
export interface TrashSpan {
  firstUs: number | null;
  lastUs: number | null;
}

/** One ordered source of rows: where from, what narrows it, its capture key, and which order it is in. */
interface Input {
  from: SQL;
  where: SQL[];
  timeKey: SQL;
  order: "time" | "trash";
}

const byTime = { timeKey: sql`a.sort_key`, order: "time" } as const;
const byTrashTime = { timeKey: sql`a.sort_key`, order: "trash" } as const;

function assetsBy(index: string): SQL {
  return sql`assets a INDEXED BY ${sql.raw(index)}`;
}

const MAX_TRASH_BUCKETS = 60;

/** The trash is in order of trash time; a narrow range of capture dates is a merge of its 30-day buckets. */
function trashInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  const where = conditions(filter);
  const scan = [{ from: assetsBy("assets_trashed"), where, ...byTrashTime }];
  if (span === null) return scan;
  if (span.firstUs === null || span.lastUs === null) return [];
  const first = Math.trunc(span.firstUs / TRASH_BUCKET_US);
  const last = Math.trunc(span.lastUs / TRASH_BUCKET_US);
  // A range of five years and more matches most of any trash: filtering its order is then the cheaper plan.
  if (last - first >= MAX_TRASH_BUCKETS) return scan;
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: assetsBy("assets_trashed_by_bucket"),
    where: [sql`${trashBucketExpression("a.")} = ${number(first + i)}`, ...where],
    ...byTrashTime,
  }));
}

/** Live and trashed links are two indexes; all of them are a merge of both. */
function albumInputs(filter: AssetFilter, albumId: string): Input[] {
  const link = (index: string, state: SQL): Input => ({
    from: sql`album_assets l INDEXED BY ${sql.raw(index)} CROSS JOIN assets a ON a.id = l.asset_id`,
    where: [sql`l.album_id = ${id(albumId)}`, state, ...conditions(filter)],
    timeKey: sql`l.sort_key`,
    order: "time",
  });
  const live = link("album_assets_live", sql`l.trashed_at IS NULL`);
  const trashed = link("album_assets_trashed", sql`l.trashed_at IS NOT NULL`);
  if (filter.state === "live") return [live];
  // An album's trashed members are in order of capture; by trash time they are sorted, all of them.
  if (filter.state === "trashed") return [{ ...trashed, order: "trash" }];
  return [live, trashed];
}

/** Cells hold live assets; what is trashed inside the box is filtered from the trash, which is small. */
function mapInputs(filter: AssetFilter): Input[] {
  if (filter.box === null || filter.state === "trashed") return [];
  const { level, cells } = coveringCells(filter.box);
  const placed = sql`a.trashed_at IS NULL AND a.latitude IS NOT NULL AND a.longitude IS NOT NULL`;
  const inputs = cells.map((cell) => ({
    from: assetsBy(`assets_cell_${level}`),
    where: [sql`${cellExpression(level, "a.")} = ${number(cell)}`, placed, ...conditions(filter)],
    ...byTime,
  }));
  if (filter.state === "live") return inputs;
  const inTrash = {
    from: assetsBy("assets_trashed_by_time"),
    where: [sql`a.trashed_at IS NOT NULL`, ...conditions(filter)],
  };
  return [...inputs, { ...inTrash, ...byTime }];
}

function liveInput(filter: AssetFilter): Input {
  const where = conditions(filter);
  if (filter.albumFilter !== "all") {
    const flag = number(filter.albumFilter === "in_album" ? 1 : 0);
    const from = assetsBy("assets_by_albumness");
    return { from, where: [sql`${inAlbumExpression("a.")} = ${flag}`, ...where], ...byTime };
  }
  return { from: assetsBy(filter.mediaType === null ? "assets_live" : "assets_by_media_type"), where, ...byTime };
}

/** The narrowest index first: an album, a stack, a place, the trash, then the library in time order. */
function chooseInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  if (filter.albumId !== null) return albumInputs(filter, filter.albumId);
  const sort = filter.state === "trashed" ? byTrashTime : byTime;
  if (filter.stackId !== null) {
    const where = [sql`a.stack_id IS NOT NULL`, ...conditions(filter)];
    return [{ from: assetsBy("assets_by_stack"), where, ...sort }];
  }
  if (filter.state === "trashed") return trashInputs(filter, span);
  if (filter.box !== null) return mapInputs(filter);
  if (filter.state === "live") return [liveInput(filter)];
  return [{ from: assetsBy("assets_all"), where: conditions(filter), ...byTime }];
}

/** As for times, one bound a side. Without the lower one a page at the trash's end would walk what was emptied out. */
function trashRange(filter: AssetFilter, behind: string | null): SQL[] {
  if (filter.order === "asc" && behind !== null) return [sql`a.trash_key > ${sortKey(behind)}`];
  const kept = sql`a.trash_key >= printf('%012x', ${emptiedAt(filter)} + 1)`;
  return behind === null ? [kept] : [kept, sql`a.trash_key < ${sortKey(behind)}`];
}

function mergeKeyOf(input: Input): SQL {
  return input.order === "time" ? input.timeKey : sql`a.trash_key`;
}

function whereOf(input: Input, filter: AssetFilter, behind: string | null): SQL {
  const where = [...input.where, ...keyRange(filter, input.timeKey, input.order === "time" ? behind : null)];
  if (input.order === "trash") where.push(...trashRange(filter, behind));
  return sql.join(where, sql` AND `);
}

function select(input: Input, filter: AssetFilter, behind: string | null): SQL {
  return sql`SELECT a.*, ${mergeKeyOf(input)} AS merge_key FROM ${input.from} WHERE ${whereOf(input, filter, behind)}`;
}

/** For whoever wants all matches and no order: a range of capture dates in the trash is then one range of one index. */
export function unorderedInputs(filter: AssetFilter): Input[] {
  const isDated = filter.after !== null || filter.before !== null;
  if (filter.state !== "trashed" || !isDated || filter.albumId !== null || filter.stackId !== null) {
    return chooseInputs(filter, null);
  }
  const where = [sql`a.trashed_at IS NOT NULL`, ...conditions(filter)];
  return [{ from: assetsBy("assets_trashed_by_time"), where, ...byTime }];
}

/** SELECTs of all matching rows. `columns` are SQL over `a`. */
export function matchingRows(filter: AssetFilter, columns: SQL): SQL[] {
  return unorderedInputs(filter).map(
    (input) => sql`SELECT ${columns} FROM ${input.from} WHERE ${whereOf(input, filter, null)}`,
  );
}

/**
 * A SELECT of the first `count` matching rows, in order; null when there can be none. Order and limit stand inside:
 * were they around it, SQLite would sort every input instead of merging them.
 */
export function mergedRows(
  filter: AssetFilter,
  span: TrashSpan | null,
  behind: string | null,
  count: number,
): SQL | null {
  const selects = chooseInputs(filter, span).map((input) => select(input, filter, behind));
  if (selects.length === 0) return null;
  return sql`${unionAll(selects)} ORDER BY merge_key ${sql.raw(filter.order)} LIMIT ${count}`;
}
