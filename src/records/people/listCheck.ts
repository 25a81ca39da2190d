/** Reads what a list of people has to check before its page is used. */
import { sql } from "drizzle-orm";
import { isLibraryMember, type LibraryScope } from "../libraries/libraryScope.ts";
import type { Query } from "../sql/query.ts";

export interface PersonListCheck {
  /** The library of the album; null if it is missing or out of scope. */
  albumLibraryId: string | null;
  /** The library of the cursor; null if it is missing or out of scope. */
  cursorLibraryId: string | null;
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

export function personListCheckQuery(
  scope: LibraryScope,
  { albumId, startingAfterId }: { albumId: string | null; startingAfterId: string | null },
): Query<PersonListCheck> {
  const none = { albumLibraryId: null, cursorLibraryId: null };
  if (albumId === null && startingAfterId === null) return { sql: null, parse: () => none };
  return {
    sql: sql`SELECT (SELECT library_id FROM albums WHERE id = ${albumId} AND deleted_at IS NULL
        AND ${isLibraryMember(scope, sql`albums.library_id`)}) AS album_library,
      (SELECT library_id FROM people WHERE id = ${startingAfterId}
        AND ${isLibraryMember(scope, sql`people.library_id`)}) AS cursor_library`,
    parse: ([row]) => ({
      albumLibraryId: textOrNull(row?.["album_library"]),
      cursorLibraryId: textOrNull(row?.["cursor_library"]),
    }),
  };
}
