/**
 * Pages of assets in capture order (trash order for the trash), with keyset pagination: after the cursor, a page of n
 * reads n + 1 rows. A page is bounded in bytes too, so it may be shorter than its limit.
 */
import { and, eq, sql, Subquery, type SQL } from "drizzle-orm";
import { filterConditions, sortKeyRange, type AssetFilter } from "./assetFilters.ts";
import { planList, type ListPlan, type TrashSpan } from "./listPlans.ts";
import {
  completeRows,
  fittingRows,
  listFields,
  type ColumnGroups,
  type ListedAsset,
  type ListRow,
} from "./listColumns.ts";
import type { AssetRow } from "./assets.ts";
import type { Database } from "../database.ts";
import {
  librariesInScope,
  selectLiveLibraries,
  trashClearedAtOf,
  type LibraryState,
  type LibraryScope,
} from "../libraries/libraries.ts";
import { selectAlbumLibrary } from "../albums/albums.ts";
import { sqlId } from "../sql/sqlLiterals.ts";
import { assets } from "../schema/schema.ts";
import { sortKeyPrefix } from "./sortKeys.ts";

export interface AssetPage {
  assets: ListedAsset[];
  hasMore: boolean;
}

/** The inputs of a page query, read in one round trip. */
export interface ListContext {
  libraries: LibraryState[];
  /** The sort key of the asset `startingAfterId`, if it belongs to the owner. */
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
const trashKeyInTrash = sql<string | null>`CASE WHEN ${assets.trashedAt} IS NOT NULL THEN ${assets.trashKey} END`;

function selectCursor(db: Database, scope: LibraryScope, assetId: string | null) {
  return db.orm
    .select({
      libraryId: assets.libraryId,
      sortKey: assets.sortKey,
      trashKey: trashKeyInTrash.as("trash_key_in_trash"),
    })
    .from(assets)
    .where(and(eq(assets.id, assetId ?? ""), eq(assets.userId, scope.userId)));
}

function needsTrashSpan({ filter }: ListContextParams): boolean {
  return filter.state === "trashed" && (filter.after !== null || filter.before !== null);
}

/**
 * Selects the oldest and newest capture time in the trash: two index seeks, used only if the trash is filtered by date.
 */
function selectTrashSpan(db: Database, scope: LibraryScope, params: ListContextParams) {
  const library =
    params.libraryId === null
      ? sql`(SELECT id FROM libraries WHERE trashed_at IS NULL AND ${librariesInScope(scope)} LIMIT 1)`
      : sql`${params.libraryId}`;
  const range = sortKeyRange(params.filter, sql`sort_key`);
  const where = sql.join(
    [sql`library_id = ${library}`, sql`trashed_at > ${trashClearedAtOf(library)}`, ...range],
    sql` AND `,
  );
  const edge = (direction: "ASC" | "DESC") =>
    needsTrashSpan(params)
      ? sql<
          number | null
        >`(SELECT local_us FROM assets INDEXED BY assets_trashed_by_time WHERE ${where} ORDER BY sort_key ${sql.raw(direction)} LIMIT 1)`
      : sql<number | null>`NULL`;
  return db.orm
    .select({ firstUs: edge("ASC").as("first_us"), lastUs: edge("DESC").as("last_us") })
    .from(sql`(SELECT 1)`);
}

export async function readListContext(
  db: Database,
  scope: LibraryScope,
  params: ListContextParams,
): Promise<ListContext> {
  const [live, cursors, albumRows, spans] = await db.orm.batch([
    selectLiveLibraries(db, scope, params.libraryId),
    selectCursor(db, scope, params.startingAfterId),
    selectAlbumLibrary(db, scope, params.filter.albumId),
    selectTrashSpan(db, scope, params),
  ]);
  const row = cursors[0];
  // A restored asset lacks a trash key, so as a cursor of the trash it is unknown.
  const sortKey = params.filter.state === "trashed" ? row?.trashKey : row?.sortKey;
  return {
    libraries: live,
    cursor:
      row === undefined || sortKey === undefined || sortKey === null ? null : { sortKey, libraryId: row.libraryId },
    albumLibraryId: albumRows[0]?.libraryId ?? null,
    trashSpan: needsTrashSpan(params) ? (spans[0] ?? null) : null,
  };
}

export interface PageRequest {
  filter: AssetFilter;
  /** The page starts after this sort key. */
  afterKey: string | null;
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

/** The subquery has the table's name, so that drizzle maps its rows like the table's. */
async function readRows(db: Database, select: SQL, groups: ColumnGroups): Promise<ListRow[]> {
  // A batch reports the rows that it read, unlike a single SELECT of Drizzle.
  const [rows] = await db.orm.batch([db.orm.select(listFields(groups)).from(new Subquery(select, {}, "assets"))]);
  return rows;
}

/** Rows that one statement scans, about 0.1 s. */
export const SCAN_ROWS_PER_STATEMENT = 20_000;
/** Rows that a page scans without a match. */
export const MAX_SCANNED_ROWS = 200_000;

const SCAN_LIMITS: ScanLimits = { rowsPerStatement: SCAN_ROWS_PER_STATEMENT, rowsPerPage: MAX_SCANNED_ROWS };

/** Reads a page, or null if `scan.rowsPerPage` rows contain no match. */
export async function listAssets(db: Database, request: PageRequest): Promise<AssetPage | null> {
  const page = request.filter.ids === null ? await scanPage(db, request) : await pageOfIds(db, request);
  if (page === null) return null;
  return { assets: await completeRows(db, page.rows, request.groups), hasMore: page.hasMore };
}

interface RowPage {
  rows: ListRow[];
  hasMore: boolean;
}

async function pageOfIds(db: Database, request: PageRequest): Promise<RowPage> {
  const select = selectByIds(request, request.filter.ids ?? []);
  return select === null ? { rows: [], hasMore: false } : cutPage(await readRows(db, select, request.groups), request);
}

/**
 * Reads the first matches after the cursor. A scan that finds only a part of the page ends it early, with `hasMore`:
 * the next page continues after the last match.
 */
async function scanPage(db: Database, request: PageRequest): Promise<RowPage | null> {
  const { filter, limit, groups, scan = SCAN_LIMITS } = request;
  const plan = planList(filter, request.trashSpan, scan.rowsPerStatement);
  if (plan === null) return { rows: [], hasMore: false };
  let { afterKey } = request;
  for (let scanned = 0; scanned < scan.rowsPerPage; scanned += scan.rowsPerStatement) {
    const rows = await readRows(db, plan.rows(afterKey, limit + 1, sql`a.*`), groups);
    const page = cutPage(rows, { ...request, afterKey });
    const scanEnd = page.hasMore || scansAll(request, scan) ? null : await findScanEnd(db, plan, afterKey);
    if (page.hasMore || scanEnd === null) return page;
    if (page.rows.length > 0) return { ...page, hasMore: true };
    afterKey = scanEnd;
  }
  return null;
}

/** Room for assets that were added since they were counted, in the round trip before. */
const ADDED_SINCE_ROWS = 1000;

function scansAll({ assetCount = null }: PageRequest, scan: ScanLimits): boolean {
  return assetCount !== null && assetCount + ADDED_SINCE_ROWS <= scan.rowsPerStatement;
}

/** The sort key at which a statement stopped scanning; null if it reached the end. */
async function findScanEnd(db: Database, plan: ListPlan, afterKey: string | null): Promise<string | null> {
  if (plan.scanEnd === null) return null;
  const [row] = await db.orm.all<{ merge_key: string }>(plan.scanEnd(afterKey));
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
  // Sync clients treat an id that is missing from the answer as deleted. 200 rows have at most 13 MB.
  const count = filter.ids === null ? fittingRows(page) : page.length;
  return { rows: page.slice(0, count), hasMore: sorted.length > count };
}

/**
 * At most 200 ids, one lookup each. The ids are a VALUES list in the SQL text, because D1 bills the elements of a JSON
 * list as rows and binds at most 100 parameters.
 */
function selectByIds({ filter }: PageRequest, ids: string[]): SQL | null {
  if (ids.length === 0) return null;
  const values = sql.join(
    [...new Set(ids)].map((id) => sql`(${sqlId(id)})`),
    sql`, `,
  );
  const inAlbum = sql`EXISTS (SELECT 1 FROM album_assets l WHERE l.album_id = ${filter.albumId} AND l.asset_id = a.id)`;
  const where = [
    ...filterConditions(filter),
    ...sortKeyRange(filter, sql`a.sort_key`),
    ...(filter.albumId === null ? [] : [inAlbum]),
  ];
  return sql`SELECT a.* FROM (VALUES ${values}) v CROSS JOIN assets a ON a.id = v.column1
    WHERE ${sql.join(where, sql` AND `)}`;
}
