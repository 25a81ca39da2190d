/**
 * Pages of assets in capture order (trash order for the trash), with keyset pagination: after the cursor, a page of n
 * reads n + 1 rows. A page is bounded in bytes too, so it may be shorter than its limit.
 */
import { sql, type SQL } from "drizzle-orm";
import { sortKeyRange, type AssetFilter, type CursorKey } from "../assetFilters.ts";
import { planList, type ListPlan, type TrashSpan } from "./listPlans.ts";
import {
  completeRows,
  fittingRows,
  selectListRows,
  type ColumnGroups,
  type ListedAsset,
  type ListRow,
} from "./listColumns.ts";
import type { AssetRow } from "../assets.ts";
import { selectMatching } from "./matchingIds.ts";
import type { Database } from "../../database.ts";
import { isLiveCandidate, liveLibrariesQuery, trashClearedAtOf, type LibraryState } from "../../libraries/libraries.ts";
import { isLibraryMember, type LibraryScope } from "../../libraries/libraryScope.ts";
import { albumLibraryQuery } from "../../albums/albums.ts";
import { NO_QUERY, runQueries, type Query } from "../../sql/query.ts";
import { sqlId } from "../../sql/sqlLiterals.ts";
import { requireFewFaces } from "../assetFaces.ts";
import { needsIndexChoice, withIndexChoice } from "../indexChoice.ts";
import { sortKeyPrefix } from "../sortKeys.ts";

export interface AssetPage {
  assets: ListedAsset[];
  hasMore: boolean;
}

/** The inputs of a page query, read in one round trip. */
export interface ListContext {
  libraries: LibraryState[];
  /** The sort key of the asset `startingAfterId`, if the caller is a member of its library. */
  cursor: { sortKey: string; libraryId: string } | null;
  albumLibraryId: string | null;
  trashSpan: TrashSpan | null;
}

export interface ListContextParams {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  startingAfterId: string | null;
}

/** The trash key of a trashed asset. A live asset's key would be a cursor at time zero, before all of the trash. */
const trashKeyInTrash = sql.raw("CASE WHEN trashed_at IS NOT NULL THEN trash_key END");

/**
 * The key after which a page starts. A statement looks up an unknown one, once for each index range that it merges;
 * without such an asset in the library the page is empty.
 */
function startKey({ cursorId = null, afterKey, filter }: PageRequest): CursorKey | null {
  if (cursorId === null) return afterKey;
  const key = filter.state === "trashed" ? trashKeyInTrash : sql`sort_key`;
  return sql`(SELECT ${key} FROM assets WHERE id = ${sqlId(cursorId)} AND library_id = ${sqlId(filter.libraryId)})`;
}

/** A restored asset lacks a trash key, so as a cursor of the trash it is unknown. */
function selectCursor(scope: LibraryScope, params: ListContextParams): Query<ListContext["cursor"]> {
  const { startingAfterId, filter } = params;
  if (startingAfterId === null) return NO_QUERY;
  const key = filter.state === "trashed" ? trashKeyInTrash : sql`sort_key`;
  return {
    sql: sql`SELECT library_id, ${key} AS cursor_key FROM assets WHERE id = ${startingAfterId} AND ${isLibraryMember(scope, sql`assets.library_id`)}`,
    parse: ([row]) => {
      const [libraryId, sortKey] = [row?.["library_id"], row?.["cursor_key"]];
      return typeof libraryId === "string" && typeof sortKey === "string" ? { sortKey, libraryId } : null;
    },
  };
}

function needsTrashSpan({ filter }: ListContextParams): boolean {
  if (filter.state !== "trashed" || filter.personIds !== null) return false;
  return filter.after !== null || filter.before !== null;
}

/**
 * Selects the oldest and newest capture time in the trash: two index seeks, used only if the trash is filtered by date.
 */
function selectTrashSpan(scope: LibraryScope, params: ListContextParams): Query<TrashSpan | null> {
  if (!needsTrashSpan(params)) return NO_QUERY;
  const library =
    params.libraryId === null
      ? sql`(SELECT id FROM libraries WHERE ${isLiveCandidate(scope, null)} LIMIT 1)`
      : sql`${params.libraryId}`;
  const range = sortKeyRange(params.filter, sql`sort_key`);
  const where = sql.join(
    [sql`library_id = ${library}`, sql`trashed_at > ${trashClearedAtOf(library)}`, ...range],
    sql` AND `,
  );
  const edge = (direction: "ASC" | "DESC"): SQL =>
    sql`(SELECT local_us FROM assets INDEXED BY assets_trashed_by_time WHERE ${where} ORDER BY sort_key ${sql.raw(direction)} LIMIT 1)`;
  const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);
  return {
    sql: sql`SELECT ${edge("ASC")} AS first_us, ${edge("DESC")} AS last_us`,
    parse: ([row]) => ({ firstUs: numberOrNull(row?.["first_us"]), lastUs: numberOrNull(row?.["last_us"]) }),
  };
}

/**
 * Whether a page can be read together with its inputs, because it needs only the library and the cursor. A list of ids
 * needs the cursor's key in TypeScript, a rating or people at a place the choice of their index.
 */
function canGuessPage(params: ListContextParams): boolean {
  if (needsTrashSpan(params) || needsIndexChoice(params.filter)) return false;
  return params.filter.ids === null || params.startingAfterId === null;
}

/**
 * A list's inputs, and the rows of the page that was guessed before they were known; null without a guess. The cursor
 * is read only without a guess: rows after it prove that it exists.
 */
export interface FirstRead extends ListContext {
  rows: ListRow[] | null;
}

/** Reads a list's inputs in one round trip, and with them the first statement of the page `guess`. */
export async function readListContext(
  db: Database,
  scope: LibraryScope,
  params: ListContextParams,
  guess: PageRequest | null = null,
): Promise<FirstRead> {
  const { filter, libraryId } = params;
  const guessed = guess !== null && canGuessPage(params) ? guess : null;
  const [libraries, cursor, albumLibraryId, trashSpan, rows] = await runQueries(db, [
    liveLibrariesQuery(scope, libraryId),
    guessed === null ? selectCursor(scope, params) : NO_QUERY,
    albumLibraryQuery(scope, filter.albumId),
    selectTrashSpan(scope, params),
    guessed === null ? NO_QUERY : firstRowsQuery(guessed),
  ]);
  return { libraries, cursor, albumLibraryId, trashSpan, rows };
}

export interface PageRequest {
  filter: AssetFilter;
  /** The page starts after this sort key. */
  afterKey: string | null;
  /** The page starts after this asset, whose sort key its statement looks up. Then `afterKey` is null. */
  cursorId?: string | null;
  trashSpan: TrashSpan | null;
  limit: number;
  groups: ColumnGroups;
  /** Assets of the library when the request began; null if unknown. One statement scans a small library to its end. */
  assetCount?: number | null;
  scan?: ScanLimits;
}

/** Limits of the rows that are read to find matches of unindexed filters. */
export interface ScanLimits {
  /** Limit of one statement, because D1 runs one statement at a time. */
  rowsPerStatement: number;
  /** Limit of a page without a match. */
  rowsPerPage: number;
}

/** Rows that one statement scans, about 0.1 s. */
export const SCAN_ROWS_PER_STATEMENT = 20_000;
/** Rows that a page scans without a match. */
export const MAX_SCANNED_ROWS = 200_000;

const SCAN_LIMITS: ScanLimits = { rowsPerStatement: SCAN_ROWS_PER_STATEMENT, rowsPerPage: MAX_SCANNED_ROWS };

const NO_ROWS: Query<ListRow[]> = { sql: null, parse: () => [] };

function idsQuery(request: PageRequest): Query<ListRow[]> {
  const select = selectMatching(request.filter, request.filter.ids ?? [], sql`a.*`);
  return select === null ? NO_ROWS : selectListRows(select, request.groups);
}

function planRequest({ filter, trashSpan, scan = SCAN_LIMITS }: PageRequest): ListPlan | null {
  return planList(filter, trashSpan, scan.rowsPerStatement);
}

function rowsQuery(plan: ListPlan | null, request: PageRequest): Query<ListRow[]> {
  if (plan === null) return NO_ROWS;
  return selectListRows(plan.rows(startKey(request), request.limit + 1, sql`a.*`), request.groups);
}

/** The first statement of a page, for the `firstRows` of `listAssets`. */
export function firstRowsQuery(request: PageRequest): Query<ListRow[]> {
  return request.filter.ids === null ? rowsQuery(planRequest(request), request) : idsQuery(request);
}

async function readRows(db: Database, query: Query<ListRow[]>): Promise<ListRow[]> {
  const [rows] = await runQueries(db, [query]);
  return rows;
}

/**
 * Reads a page, or null if `scan.rowsPerPage` rows contain no match. `firstRows` are those of its first statement, if
 * `readListContext` has read them already.
 */
export async function listAssets(
  db: Database,
  request: PageRequest,
  firstRows: ListRow[] | null = null,
): Promise<AssetPage | null> {
  const { ids } = request.filter;
  const page =
    ids === null
      ? await scanPage(db, request, firstRows)
      : cutPage(firstRows ?? (await readRows(db, idsQuery(request))), request);
  if (page === null) return null;
  return { assets: await completeRows(db, page.rows, request.groups), hasMore: page.hasMore };
}

interface RowPage {
  rows: ListRow[];
  hasMore: boolean;
}

/**
 * Reads the first matches after the cursor. A scan that finds only a part of the page ends it early, with `hasMore`:
 * the next page continues after the last match.
 */
async function scanPage(db: Database, asked: PageRequest, firstRows: ListRow[] | null): Promise<RowPage | null> {
  const first = { ...asked, filter: await withIndexChoice(db, asked.filter) };
  const { scan = SCAN_LIMITS } = first;
  const plan = planRequest(first);
  if (plan === null) return { rows: [], hasMore: false };
  let request = first;
  let rows = firstRows;
  for (let scanned = 0; scanned < scan.rowsPerPage; scanned += scan.rowsPerStatement) {
    const page = cutPage(rows ?? (await readRows(db, rowsQuery(plan, request))), request);
    rows = null;
    const scanEnd = page.hasMore || scansAll(request, scan) ? null : await findScanEnd(db, plan, request);
    if (page.hasMore || scanEnd === null) return page;
    if (page.rows.length > 0) return { ...page, hasMore: true };
    request = { ...request, afterKey: scanEnd, cursorId: null };
  }
  return null;
}

/** Room for assets that were added since they were counted, in the round trip before. */
const ADDED_SINCE_ROWS = 1000;

function scansAll({ assetCount = null }: PageRequest, scan: ScanLimits): boolean {
  return assetCount !== null && assetCount + ADDED_SINCE_ROWS <= scan.rowsPerStatement;
}

/** The sort key at which a statement stopped scanning; null if it reached the end. */
async function findScanEnd(db: Database, plan: ListPlan, request: PageRequest): Promise<string | null> {
  if (plan.scanEnd === null) return null;
  const [row] = await db.orm.all<{ merge_key: string }>(plan.scanEnd(startKey(request)));
  return row?.merge_key ?? null;
}

/** The row's `sort_key` or `trash_key`, as SQLite computes it. */
export function sortKeyOf(row: Pick<AssetRow, "id" | "localUs" | "trashedAt">, state: AssetFilter["state"]): string {
  if (state !== "trashed") return sortKeyPrefix(row.localUs) + row.id;
  return (row.trashedAt ?? 0).toString(16).padStart(12, "0") + row.id;
}

/** Sorts and cuts a page. SQLite returns merged rows sorted, but SQL guarantees it only for an outer ORDER BY. */
function cutPage(rows: ListRow[], { filter, afterKey, limit }: PageRequest): RowPage {
  const sign = filter.order === "asc" ? 1 : -1;
  const compare = (a: string, b: string): number => sign * (a < b ? -1 : a > b ? 1 : 0);
  const sorted = rows
    .map((row) => ({ row, key: sortKeyOf(row, filter.state) }))
    .filter(({ key }) => afterKey === null || compare(key, afterKey) > 0)
    .toSorted((a, b) => compare(a.key, b.key));
  const page = sorted.slice(0, limit).map(({ row }) => row);
  // Sync clients treat an id that is missing from the answer as deleted. 200 rows have at most 13 MB beside their faces.
  if (filter.ids !== null) requireFewFaces(page);
  const count = filter.ids === null ? fittingRows(page) : page.length;
  return { rows: page.slice(0, count), hasMore: sorted.length > count };
}
