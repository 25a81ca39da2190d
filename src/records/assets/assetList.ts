/** Pages of assets in capture order (trash order for the trash), by keyset: n + 1 rows read for n given. */
import { and, eq, sql, Subquery, type SQL } from "drizzle-orm";
import { conditions, keyRange, type AssetFilter } from "./assetFilters.ts";
import { mergedRows, type TrashSpan } from "./listPlans.ts";
import { assetColumns, parseAssetRow, type Asset, type AssetRow } from "./assets.ts";
import type { Database } from "../database.ts";
import { emptiedAtOf, reachable, selectLiveLibraries, type Library, type Reach } from "../libraries/libraries.ts";
import { id } from "../sql/sqlLiterals.ts";
import { albums, assets } from "../schema/schema.ts";
import { sortKeyFrom } from "./sortKeys.ts";

export interface AssetPage {
  assets: Asset[];
  hasMore: boolean;
}

/** What must be known before a page can be read, in one round trip. */
export interface ListContext {
  libraries: Library[];
  /** The sort key of the asset that `startingAfterId` names, if it is one of the owner's. */
  cursor: { sortKey: string; libraryId: string } | null;
  albumLibraryId: string | null;
  trashSpan: TrashSpan | null;
}

export interface ListQuestion {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  startingAfterId: string | null;
}

/** A live asset's `trash_key` would be one of time zero, behind which the trash looks empty. */
const trashKeyInTrash = sql<string | null>`CASE WHEN ${assets.trashedAt} IS NOT NULL THEN ${assets.trashKey} END`;

function selectCursor(db: Database, reach: Reach, assetId: string | null) {
  return db.orm
    .select({
      libraryId: assets.libraryId,
      sortKey: assets.sortKey,
      trashKey: trashKeyInTrash.as("trash_key_in_trash"),
    })
    .from(assets)
    .where(and(eq(assets.id, assetId ?? ""), eq(assets.userId, reach.userId)));
}

function selectAlbumLibrary(db: Database, reach: Reach, albumId: string | null) {
  return db.orm
    .select({ libraryId: albums.libraryId })
    .from(albums)
    .where(and(eq(albums.id, albumId ?? ""), eq(albums.userId, reach.userId)));
}

function wantsTrashSpan({ filter }: ListQuestion): boolean {
  return filter.state === "trashed" && (filter.after !== null || filter.before !== null);
}

/** Oldest and newest capture in the trash: two index seeks, and none unless the trash is filtered by date. */
function selectTrashSpan(db: Database, reach: Reach, question: ListQuestion) {
  const library =
    question.libraryId === null
      ? sql`(SELECT id FROM libraries WHERE trashed_at IS NULL AND ${reachable(reach)} LIMIT 1)`
      : sql`${question.libraryId}`;
  const range = keyRange(question.filter, sql`sort_key`);
  const where = sql.join(
    [sql`library_id = ${library}`, sql`trashed_at > ${emptiedAtOf(library)}`, ...range],
    sql` AND `,
  );
  const edge = (direction: "ASC" | "DESC") =>
    wantsTrashSpan(question)
      ? sql<
          number | null
        >`(SELECT local_us FROM assets INDEXED BY assets_trashed_by_time WHERE ${where} ORDER BY sort_key ${sql.raw(direction)} LIMIT 1)`
      : sql<number | null>`NULL`;
  return db.orm
    .select({ firstUs: edge("ASC").as("first_us"), lastUs: edge("DESC").as("last_us") })
    .from(sql`(SELECT 1)`);
}

export async function readListContext(db: Database, reach: Reach, question: ListQuestion): Promise<ListContext> {
  const [live, cursors, albumRows, spans] = await db.orm.batch([
    selectLiveLibraries(db, reach, question.libraryId),
    selectCursor(db, reach, question.startingAfterId),
    selectAlbumLibrary(db, reach, question.filter.albumId),
    selectTrashSpan(db, reach, question),
  ]);
  const row = cursors[0];
  // An asset that left the trash since has no place in its order: as a cursor it is unknown.
  const sortKey = question.filter.state === "trashed" ? row?.trashKey : row?.sortKey;
  return {
    libraries: live,
    cursor:
      row === undefined || sortKey === undefined || sortKey === null ? null : { sortKey, libraryId: row.libraryId },
    albumLibraryId: albumRows[0]?.libraryId ?? null,
    trashSpan: wantsTrashSpan(question) ? (spans[0] ?? null) : null,
  };
}

export interface PageRequest {
  filter: AssetFilter;
  /** The sort key behind which the page begins. */
  behind: string | null;
  trashSpan: TrashSpan | null;
  limit: number;
}

/** A SELECT that stands in FROM under the table's own name, so that rows are mapped as the table's are. */
function asAssets(select: SQL): Subquery<"assets"> {
  return new Subquery(select, assetColumns, "assets");
}

export async function listAssets(db: Database, request: PageRequest): Promise<AssetPage> {
  const { filter, behind, limit } = request;
  if (filter.ids !== null) return await listByIds(db, request, filter.ids);
  const merged = mergedRows(filter, request.trashSpan, behind, limit + 1);
  if (merged === null) return { assets: [], hasMore: false };
  return cutPage(await db.orm.select(assetColumns).from(asAssets(merged)), request);
}

/** The row's `sort_key` or `trash_key`, as SQLite computes it. */
export function placeOf(row: Pick<AssetRow, "id" | "localUs" | "trashedAt">, state: AssetFilter["state"]): string {
  if (state !== "trashed") return sortKeyFrom(row.localUs) + row.id;
  return (row.trashedAt ?? 0).toString(16).padStart(12, "0") + row.id;
}

/** In order and of the asked size. Merged rows are in order already, though no outer ORDER BY vouches for it. */
function cutPage(rows: AssetRow[], { filter, behind, limit }: PageRequest): AssetPage {
  const sign = filter.order === "asc" ? 1 : -1;
  const compare = (a: string, b: string): number => sign * (a < b ? -1 : a > b ? 1 : 0);
  const placed = rows
    .map((row) => ({ row, place: placeOf(row, filter.state) }))
    .filter(({ place }) => behind === null || compare(place, behind) > 0)
    .toSorted((a, b) => compare(a.place, b.place));
  return { assets: placed.slice(0, limit).map(({ row }) => parseAssetRow(row)), hasMore: placed.length > limit };
}

/**
 * At most 200 ids: one lookup each, and the page is cut here. They stand in the text as a VALUES list, because D1
 * bills a JSON list's entries as rows and binds 100 parameters.
 */
async function listByIds(db: Database, request: PageRequest, ids: string[]): Promise<AssetPage> {
  if (ids.length === 0) return { assets: [], hasMore: false };
  const { filter } = request;
  const values = sql.join(
    [...new Set(ids)].map((wanted) => sql`(${id(wanted)})`),
    sql`, `,
  );
  const inAlbum = sql`EXISTS (SELECT 1 FROM album_assets l WHERE l.album_id = ${filter.albumId} AND l.asset_id = a.id)`;
  const where = [
    ...conditions(filter),
    ...keyRange(filter, sql`a.sort_key`),
    ...(filter.albumId === null ? [] : [inAlbum]),
  ];
  const found = sql`SELECT a.* FROM (VALUES ${values}) v CROSS JOIN assets a ON a.id = v.column1
    WHERE ${sql.join(where, sql` AND `)}`;
  return cutPage(await db.orm.select(assetColumns).from(asAssets(found)), request);
}
