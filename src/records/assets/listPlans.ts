/**
 * Query plans of asset lists: one or more inputs, each in order on its index, merged by SQLite. An input reads one row
 * more than it contributes. Comments name the plans that sort or skip rows.
 */
import { sql, type SQL } from "drizzle-orm";
import { filterConditions, trashClearedAt, sortKeyRange, type AssetFilter } from "./assetFilters.ts";
import { unionAll } from "../sql/unionAll.ts";
import { sqlId, sqlNumber, sqlSortKey } from "../sql/sqlLiterals.ts";
import { coveringCells } from "../map/mapCells.ts";
import { cellExpression, inAlbumExpression, TRASH_BUCKET_US, trashBucketExpression } from "./sortKeys.ts";

/** Oldest and newest capture time in the trash, within the filter's dates. */
export interface TrashSpan {
  firstUs: number | null;
  lastUs: number | null;
}

/** One ordered source of rows. `timeKey` is the capture sort key; `order` is the order of its index. */
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

/** The trash is in order of trash time. A narrow range of capture dates merges its 30-day buckets. */
function trashInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  const where = filterConditions(filter);
  const scan = [{ from: assetsBy("assets_trashed"), where, ...byTrashTime }];
  if (span === null) return scan;
  if (span.firstUs === null || span.lastUs === null) return [];
  const first = Math.trunc(span.firstUs / TRASH_BUCKET_US);
  const last = Math.trunc(span.lastUs / TRASH_BUCKET_US);
  // A range of five years or more matches most of a trash, so a filtered scan is cheaper.
  if (last - first >= MAX_TRASH_BUCKETS) return scan;
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: assetsBy("assets_trashed_by_bucket"),
    where: [sql`${trashBucketExpression("a.")} = ${sqlNumber(first + i)}`, ...where],
    ...byTrashTime,
  }));
}

/** Live and trashed memberships have an index each; the state `all` merges both. */
function albumInputs(filter: AssetFilter, albumId: string): Input[] {
  const membersBy = (index: string, state: SQL): Input => ({
    from: sql`album_assets l INDEXED BY ${sql.raw(index)} CROSS JOIN assets a ON a.id = l.asset_id`,
    where: [sql`l.album_id = ${sqlId(albumId)}`, state, ...filterConditions(filter)],
    timeKey: sql`l.sort_key`,
    order: "time",
  });
  const live = membersBy("album_assets_live", sql`l.trashed_at IS NULL`);
  const trashed = membersBy("album_assets_trashed", sql`l.trashed_at IS NOT NULL`);
  if (filter.state === "live") return [live];
  // An album's trashed members are in capture order, so SQLite sorts all of them by trash time.
  if (filter.state === "trashed") return [{ ...trashed, order: "trash" }];
  return [live, trashed];
}

/** Cell indexes hold live assets. Trashed assets inside the box come from a filtered scan of the trash, which is small. */
function mapInputs(filter: AssetFilter): Input[] {
  if (filter.box === null || filter.state === "trashed") return [];
  const { level, cells } = coveringCells(filter.box);
  const hasPosition = sql`a.trashed_at IS NULL AND a.latitude IS NOT NULL AND a.longitude IS NOT NULL`;
  const inputs = cells.map((cell) => ({
    from: assetsBy(`assets_cell_${level}`),
    where: [sql`${cellExpression(level, "a.")} = ${sqlNumber(cell)}`, hasPosition, ...filterConditions(filter)],
    ...byTime,
  }));
  if (filter.state === "live") return inputs;
  return [...inputs, trashByTimeInput(filter)];
}

function trashByTimeInput(filter: AssetFilter): Input {
  const where = [sql`a.trashed_at IS NOT NULL`, ...filterConditions(filter)];
  return { from: assetsBy("assets_trashed_by_time"), where, ...byTime };
}

function liveInput(filter: AssetFilter): Input {
  const where = filterConditions(filter);
  if (filter.albumFilter !== "all") {
    const flag = sqlNumber(filter.albumFilter === "in_album" ? 1 : 0);
    const from = assetsBy("assets_by_in_album");
    return { from, where: [sql`${inAlbumExpression("a.")} = ${flag}`, ...where], ...byTime };
  }
  return { from: assetsBy(filter.mediaType === null ? "assets_live" : "assets_by_media_type"), where, ...byTime };
}

/** Chooses the narrowest index: an album, a stack, the trash, a map box, else the library in capture order. */
function chooseInputs(filter: AssetFilter, span: TrashSpan | null): Input[] {
  if (filter.albumId !== null) return albumInputs(filter, filter.albumId);
  const sort = filter.state === "trashed" ? byTrashTime : byTime;
  if (filter.stackId !== null) {
    const where = [sql`a.stack_id IS NOT NULL`, ...filterConditions(filter)];
    return [{ from: assetsBy("assets_by_stack"), where, ...sort }];
  }
  if (filter.state === "trashed") return trashInputs(filter, span);
  if (filter.box !== null) return mapInputs(filter);
  if (filter.state === "live") return [liveInput(filter)];
  return [{ from: assetsBy("assets_all"), where: filterConditions(filter), ...byTime }];
}

/** One bound per side, as for capture times. The lower bound skips rows of a cleared trash at the end of the trash. */
function trashRange(filter: AssetFilter, afterKey: string | null): SQL[] {
  if (filter.order === "asc" && afterKey !== null) return [sql`a.trash_key > ${sqlSortKey(afterKey)}`];
  const notCleared = sql`a.trash_key >= printf('%012x', ${trashClearedAt(filter)} + 1)`;
  return afterKey === null ? [notCleared] : [notCleared, sql`a.trash_key < ${sqlSortKey(afterKey)}`];
}

function mergeKeyOf(input: Input): SQL {
  return input.order === "time" ? input.timeKey : sql`a.trash_key`;
}

function whereOf(input: Input, filter: AssetFilter, afterKey: string | null): SQL {
  const where = [...input.where, ...sortKeyRange(filter, input.timeKey, input.order === "time" ? afterKey : null)];
  if (input.order === "trash") where.push(...trashRange(filter, afterKey));
  return sql.join(where, sql` AND `);
}

function select(input: Input, filter: AssetFilter, afterKey: string | null, columns: SQL): SQL {
  return sql`SELECT ${columns}, ${mergeKeyOf(input)} AS merge_key FROM ${input.from} WHERE ${whereOf(input, filter, afterKey)}`;
}

/** Inputs for all matches in any order: a range of capture dates in the trash is one index range. */
export function unorderedInputs(filter: AssetFilter): Input[] {
  const isDated = filter.after !== null || filter.before !== null;
  if (filter.state !== "trashed" || !isDated || filter.albumId !== null || filter.stackId !== null) {
    return chooseInputs(filter, null);
  }
  return [trashByTimeInput(filter)];
}

/** SELECTs of all matching rows. `columns` is SQL over `a`. */
export function matchingRows(filter: AssetFilter, columns: SQL): SQL[] {
  return unorderedInputs(filter).map(
    (input) => sql`SELECT ${columns} FROM ${input.from} WHERE ${whereOf(input, filter, null)}`,
  );
}

/**
 * A SELECT of the first `count` matching rows, in order; null if no row can match. `columns` is SQL over `a`. ORDER BY and
 * LIMIT belong to the compound SELECT itself: around it, SQLite would sort every input instead of merging them.
 */
export function mergedRows(
  filter: AssetFilter,
  span: TrashSpan | null,
  afterKey: string | null,
  count: number,
  columns: SQL,
): SQL | null {
  const selects = chooseInputs(filter, span).map((input) => select(input, filter, afterKey, columns));
  if (selects.length === 0) return null;
  return sql`${unionAll(selects)} ORDER BY merge_key ${sql.raw(filter.order)} LIMIT ${count}`;
}
