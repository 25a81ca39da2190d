/** Lists people of a library, a page at a time, in each order and with each filter. */
import { sql, type SQL } from "drizzle-orm";
import { jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { unionAll } from "../sql/unionAll.ts";
import type { Query } from "../sql/query.ts";
import { listedPersonColumns, readListedPerson, type ListedPerson } from "./people.ts";
import { LIST_CLASSES, NAME_KEY_TAIL_LENGTH } from "./sortKeys.ts";

export type PersonSortKey = "created_at" | "name" | "asset_count";

export interface PersonListRequest {
  libraryId: string;
  assetId: string | null;
  albumId: string | null;
  ids: string[] | null;
  /** Part of the sort name. */
  namePart: string | null;
  nameFilter: "named" | "unnamed" | "all";
  includeHidden: boolean;
  sortKey: PersonSortKey;
  isDescending: boolean;
  startingAfterId: string | null;
  limit: number;
  withMetrics: boolean;
}

export interface PersonPage {
  people: ListedPerson[];
  hasMore: boolean;
}

const SORT_COLUMNS = {
  created_at: { column: "id", index: "people_by_library" },
  name: { column: "name_key", index: "people_by_sort_name" },
  asset_count: { column: "count_key", index: "people_by_count" },
} as const satisfies Record<PersonSortKey, { column: string; index: string }>;

/** The classes that match the filters: one range of an index each. */
function listedClasses({ nameFilter, includeHidden }: PersonListRequest): number[] {
  const { named, namedHidden, unnamed, unnamedHidden } = LIST_CLASSES;
  const namedClasses = nameFilter === "unnamed" ? [] : [named, namedHidden];
  const unnamedClasses = nameFilter === "named" ? [] : [unnamed, unnamedHidden];
  return [...namedClasses, ...unnamedClasses].filter((each) => includeHidden || each % 2 === 0);
}

function directionOf({ isDescending }: PersonListRequest): SQL {
  return sql.raw(isDescending ? "DESC" : "ASC");
}

const isUnnamedClass = (listClass: number): boolean => listClass >= LIST_CLASSES.unnamed;

/** Unnamed people follow the named ones in both orders of names. */
function groupOf(request: PersonListRequest, listClass: SQL): SQL {
  return request.sortKey === "name" ? sql`(${listClass} >= ${sqlNumber(LIST_CLASSES.unnamed)})` : sql`0`;
}

/** A column of the cursor's row. */
function cursorValue(request: PersonListRequest, column: string): SQL {
  return sql`(SELECT q.${sql.raw(column)} FROM people q WHERE q.id = ${request.startingAfterId})`;
}

/** A condition: people of this class are behind the cursor. */
function isAfterCursor(request: PersonListRequest, listClass: number): SQL {
  if (request.startingAfterId === null) return sql`TRUE`;
  const column = sql.raw(SORT_COLUMNS[request.sortKey].column);
  const isBehind = sql.raw(request.isDescending ? "<" : ">");
  const key = cursorValue(request, SORT_COLUMNS[request.sortKey].column);
  if (request.sortKey !== "name") return sql`p.${column} ${isBehind} ${key}`;
  const isCursorUnnamed = sql`${cursorValue(request, "list_class")} >= ${sqlNumber(LIST_CLASSES.unnamed)}`;
  // One bound on the key, so that SQLite seeks to it: before the first or behind the last key for the other group.
  const [everyone, nobody] = request.isDescending ? [sql`x'ff'`, sql`''`] : [sql`''`, sql`x'ff'`];
  const bound = isUnnamedClass(listClass)
    ? sql`iif(${isCursorUnnamed}, ${key}, ${everyone})`
    : sql`iif(${isCursorUnnamed}, ${nobody}, ${key})`;
  return sql`p.${column} ${isBehind} ${bound}`;
}

/** The first people of these classes behind the cursor, merged from one range of an index for each class. */
function selectRanges(request: PersonListRequest, classes: number[]): SQL {
  const { column, index } = SORT_COLUMNS[request.sortKey];
  const ranges = classes.map(
    (listClass) => sql`SELECT p.id AS id, p.${sql.raw(column)} AS sort_key FROM people p INDEXED BY ${sql.raw(index)}
      WHERE p.library_id = ${request.libraryId} AND p.list_class = ${sqlNumber(listClass)}
        AND ${isAfterCursor(request, listClass)}`,
  );
  return sql`SELECT id, sort_key FROM (${unionAll(ranges)}) ORDER BY sort_key ${directionOf(request)}
    LIMIT ${request.limit + 1}`;
}

/**
 * The page without further filters. Reads a row more than the page, and one for each class; by name it reads as many
 * of the unnamed people, because SQLite merges no ranges by two columns of which one is constant.
 */
function selectByClass(request: PersonListRequest): SQL {
  const classes = listedClasses(request);
  if (request.sortKey !== "name")
    return sql`SELECT id, 0 AS name_group, sort_key FROM (${selectRanges(request, classes)})`;
  const groups = [false, true].flatMap((isUnnamed) => {
    const ofGroup = classes.filter((each) => isUnnamedClass(each) === isUnnamed);
    if (ofGroup.length === 0) return [];
    return [
      sql`SELECT id, ${sqlNumber(Number(isUnnamed))} AS name_group, sort_key FROM (${selectRanges(request, ofGroup)})`,
    ];
  });
  return sql`SELECT id, name_group, sort_key FROM (${unionAll(groups)})
    ORDER BY name_group, sort_key ${directionOf(request)} LIMIT ${request.limit + 1}`;
}

/** The ids that a filter allows, where it is narrower than the library. */
function selectCandidates({ ids, assetId, albumId }: PersonListRequest): SQL[] {
  return [
    ...(ids === null ? [] : [sql`SELECT value FROM ${jsonEach(ids)}`]),
    ...(assetId === null ? [] : [sql`SELECT f.person_id FROM faces f WHERE f.asset_id = ${assetId}`]),
    ...(albumId === null
      ? []
      : [
          // Two rows of each live membership, and one of each person on its asset.
          sql`SELECT o.person_id FROM album_assets l INDEXED BY album_assets_live
            CROSS JOIN person_assets o ON o.asset_id = l.asset_id
            WHERE l.album_id = ${albumId} AND l.trashed_at IS NULL`,
        ]),
  ];
}

/** A condition: the name contains the part, and not only the end of its key. */
function hasNamePart(part: string): SQL {
  return sql`instr(p.name_key, ${part}) BETWEEN 1 AND length(p.name_key) - ${sqlNumber(NAME_KEY_TAIL_LENGTH)}`;
}

/**
 * The page of a filter, whose matches are sorted. By name alone it reads the key of each named person from the index of
 * names, and else one row of each match.
 */
function selectFiltered(request: PersonListRequest): SQL {
  const { namePart } = request;
  const candidates = selectCandidates(request);
  const column = sql.raw(SORT_COLUMNS[request.sortKey].column);
  const classes = sql.join(listedClasses(request).map(sqlNumber), sql`, `);
  const from = candidates.length === 0 ? sql`people p INDEXED BY people_by_sort_name` : sql`people p`;
  // Without the index of the library, candidates are read by their ids.
  const inLibrary = candidates.length === 0 ? sql`p.library_id` : sql`+p.library_id`;
  const where = [
    sql`${inLibrary} = ${request.libraryId}`,
    sql`p.list_class IN (${classes})`,
    ...candidates.map((select) => sql`p.id IN (${select})`),
    ...(namePart === null ? [] : [hasNamePart(namePart)]),
    ...(request.startingAfterId === null ? [] : [isFilteredAfterCursor(request)]),
  ];
  return sql`SELECT p.id AS id, ${groupOf(request, sql`p.list_class`)} AS name_group, p.${column} AS sort_key
    FROM ${from} WHERE ${sql.join(where, sql` AND `)}
    ORDER BY name_group, sort_key ${directionOf(request)} LIMIT ${request.limit + 1}`;
}

function isFilteredAfterCursor(request: PersonListRequest): SQL {
  const { column } = SORT_COLUMNS[request.sortKey];
  const group = groupOf(request, sql`p.list_class`);
  const cursorGroup = groupOf(request, cursorValue(request, "list_class"));
  const isBehind = sql.raw(request.isDescending ? "<" : ">");
  return sql`(${group} > ${cursorGroup}
    OR (${group} = ${cursorGroup} AND p.${sql.raw(column)} ${isBehind} ${cursorValue(request, column)}))`;
}

/** A page of people. */
export function personPageQuery(request: PersonListRequest): Query<PersonPage> {
  const { limit, ids, assetId, albumId, namePart } = request;
  const isFiltered = ids !== null || assetId !== null || albumId !== null || namePart !== null;
  const page = isFiltered ? selectFiltered(request) : selectByClass(request);
  return {
    sql: sql`SELECT ${listedPersonColumns(request.withMetrics)} FROM (${page}) page CROSS JOIN people p ON p.id = page.id
      ORDER BY page.name_group, page.sort_key ${directionOf(request)}`,
    parse: (rows) => ({ people: rows.slice(0, limit).map(readListedPerson), hasMore: rows.length > limit }),
  };
}
