/** Finds the owner of the deployment for each request with the root key. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { MAX_KNOWN_LIBRARIES, type KnownLibrary } from "../libraries/knownLibraries.ts";
import { libraries, users } from "../schema/schema.ts";

export interface Owner {
  userId: string;
  knownLibraries: KnownLibrary[];
}

/** Finds the user with this subject and their live libraries in one statement. */
export async function findOwner(db: Database, subject: string): Promise<Owner | null> {
  const rows = await db.orm
    .select({
      userId: users.id,
      // Both tables have a column `id`.
      libraryId: sql<string | null>`${libraries.id}`.as("library_id"),
      trashClearedAt: libraries.trashClearedAt,
    })
    .from(users)
    .leftJoin(libraries, and(eq(libraries.userId, users.id), isNull(libraries.trashedAt)))
    .where(eq(users.subject, subject))
    .limit(MAX_KNOWN_LIBRARIES);
  const userId = rows[0]?.userId;
  if (userId === undefined) return null;
  const knownLibraries = rows.flatMap(({ libraryId: id, trashClearedAt }) =>
    id === null || trashClearedAt === null ? [] : [{ id, trashClearedAt }],
  );
  return { userId, knownLibraries };
}
