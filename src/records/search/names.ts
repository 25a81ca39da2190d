/** The names with which albums and people are indexed, so that only a new name indexes all of their assets again. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { jsonEach } from "../sql/jsonList.ts";

/**
 * Names by id: empty for a person without a name, null if documents have several names, because the name changed while
 * its event waited. Without an entry, no document has the album or person.
 */
export async function listIndexedNames(searchDb: Database, ids: string[]): Promise<Map<string, string | null>> {
  const [rows] = await searchDb.select([
    sql`SELECT n.entity_id, n.name FROM ${jsonEach(ids)} j CROSS JOIN search_names n ON n.entity_id = j.value`,
  ]);
  const nameOf = (name: unknown): string | null => (typeof name === "string" ? name : null);
  return new Map((rows ?? []).map((row) => [String(row["entity_id"]), nameOf(row["name"])]));
}

export interface EntityName {
  id: string;
  libraryId: string;
  /** Null for a person without a name; and for an album or person that is deleted. */
  name: string | null;
}

/** Names in documents that are written. */
export function insertSeenNames(searchDb: Database, names: readonly EntityName[], isAllowed: SQL) {
  if (names.length === 0) return [];
  const rows = names.map(({ id, libraryId, name }) => [id, libraryId, name ?? ""]);
  return [
    searchDb.statement(sql`INSERT INTO search_names (entity_id, library_id, name)
      SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2 FROM ${jsonEach(rows)} w WHERE ${isAllowed}
      ON CONFLICT (entity_id) DO UPDATE SET name = NULL WHERE name <> excluded.name`),
  ];
}

/** The name with which all documents of an album or person are written from here on. */
export function replaceName(searchDb: Database, { id, libraryId, name }: EntityName, isAllowed: SQL) {
  return name === null
    ? searchDb.statement(sql`DELETE FROM search_names WHERE entity_id = ${id} AND ${isAllowed}`)
    : searchDb.statement(sql`INSERT INTO search_names (entity_id, library_id, name)
        SELECT ${id}, ${libraryId}, ${name} WHERE ${isAllowed}
        ON CONFLICT (entity_id) DO UPDATE SET name = excluded.name`);
}

/** Reads all names: they have no index by library, because libraries are rarely deleted. */
export function deleteLibraryNames(searchDb: Database, libraryId: string) {
  return searchDb.statement(sql`DELETE FROM search_names WHERE library_id = ${libraryId}`);
}
