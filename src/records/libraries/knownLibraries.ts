/** The libraries of a credential, read together with the credential itself. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { apiKeys, libraries, users } from "../schema/schema.ts";

/** The part of a library that statements need. It may have changed since it was read. */
export interface KnownLibrary {
  id: string;
  trashClearedAt: number;
}

/** One library is the default of requests without an id; of two, none is. */
export const MAX_KNOWN_LIBRARIES = 2;

interface OwnedLibrary {
  libraryId: string | null;
  trashClearedAt: number | null;
}

/** The libraries of a left join, which has a row without a library for an owner that has none. */
export function toKnownLibraries(rows: OwnedLibrary[]): KnownLibrary[] {
  return rows.flatMap(({ libraryId: id, trashClearedAt }) =>
    id === null || trashClearedAt === null ? [] : [{ id, trashClearedAt }],
  );
}

/** The columns of a library in a left join. Its owner has a column `id` too. */
export const ownedLibraryColumns = {
  libraryId: sql<string | null>`${libraries.id}`.as("library_id"),
  trashClearedAt: libraries.trashClearedAt,
};

/**
 * The owner of the API key with this hash, and the candidates for its requests without a library id: the owner's live
 * libraries, or those that the key lists. They are guesses: each request checks the membership.
 */
export function selectOwnerOfKey(db: Database, secretHash: string) {
  const isOwned = sql`${apiKeys.libraryIds} IS NULL AND ${libraries.userId} = ${users.id}`;
  const isListed = sql`${libraries.id} IN (SELECT value FROM json_each(${apiKeys.libraryIds}))`;
  return db.orm
    .select({ isActive: users.isActive, ...ownedLibraryColumns })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .leftJoin(libraries, and(isNull(libraries.trashedAt), sql`(${isOwned} OR ${isListed})`))
    .where(eq(apiKeys.secretHash, secretHash))
    .limit(MAX_KNOWN_LIBRARIES);
}
