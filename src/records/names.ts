/**
 * Names that are unique among the rows of an owner: albums of a library, libraries of a user. SQL folds ASCII only, so
 * a row has the folded name beside the name. It is null in rows of older releases until they are folded here.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "./database.ts";
import { jsonEach } from "./sql/jsonList.ts";
import type { Query } from "./sql/query.ts";
import { isNullRejected } from "./sql/nullRejected.ts";

export interface NamedTable {
  table: "albums" | "libraries";
  /** The column of the owner, the first of the index of names. */
  owner: "library_id" | "user_id";
  /** The condition of the index of names. */
  exists: SQL;
}

export const ALBUM_NAMES: NamedTable = { table: "albums", owner: "library_id", exists: sql`deleted_at IS NULL` };
export const LIBRARY_NAMES: NamedTable = { table: "libraries", owner: "user_id", exists: sql`TRUE` };

/** The FROM and the beginning of the WHERE for the rows of an owner, as `named`. Reads the index of names. */
export function namesOf({ table, owner, exists }: NamedTable, ownerId: SQL | string): SQL {
  const from = sql.raw(`${table} named INDEXED BY ${table}_by_name WHERE named.${owner}`);
  return sql`${from} = ${ownerId} AND ${exists}`;
}

/** A condition: a row other than `exceptId` has the name. D1 runs one statement at a time, so a write can rely on it. */
export function isNameTaken(
  names: NamedTable,
  ownerId: SQL | string,
  foldedName: string,
  exceptId: string | null = null,
): SQL {
  const isOther = exceptId === null ? sql`` : sql` AND named.id <> ${exceptId}`;
  return sql`EXISTS (SELECT 1 FROM ${namesOf(names, ownerId)} AND named.folded_name = ${foldedName}${isOther})`;
}

/** A name for INSERT: null, which the column rejects, if it is taken. */
export function nameUnlessTaken(name: string, isTaken: SQL): SQL {
  return sql`CASE WHEN NOT ${isTaken} THEN ${name} END`;
}

/** Whether a batch failed because of `nameUnlessTaken`. */
export function isNameRejected({ table }: NamedTable, error: unknown): boolean {
  return isNullRejected(error, `${table}.name`);
}

/** Rows whose names are folded in one round trip: 1.5 MB with the longest names. */
export const MAX_NAMES_FOLDED_AT_ONCE = 500;

export interface UnfoldedName {
  id: string;
  name: string;
}

/** Rows of an owner whose names must be folded before a statement relies on them. */
export function unfoldedNamesQuery(names: NamedTable, ownerId: SQL | string): Query<UnfoldedName[]> {
  return {
    sql: sql`SELECT named.id, named.name FROM ${namesOf(names, ownerId)} AND named.folded_name IS NULL
      LIMIT ${MAX_NAMES_FOLDED_AT_ONCE}`,
    parse: (rows) => rows.map(({ id, name }) => ({ id: String(id), name: String(name) })),
  };
}

/** Sets the folded names of rows that have none. */
export async function saveFoldedNames(
  db: Database,
  { table }: NamedTable,
  folded: { id: string; foldedName: string }[],
): Promise<void> {
  await db.orm.run(sql`UPDATE ${sql.raw(table)} SET folded_name = f.value ->> 'foldedName'
    FROM ${jsonEach(folded)} f WHERE ${sql.raw(table)}.id = f.value ->> 'id' AND folded_name IS NULL`);
}
