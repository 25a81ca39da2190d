/** Finds the owner of the deployment for each request with the root key. */
import { and, eq, isNull } from "drizzle-orm";
import type { Database } from "../database.ts";
import {
  MAX_KNOWN_LIBRARIES,
  ownedLibraryColumns,
  toKnownLibraries,
  type KnownLibrary,
} from "../libraries/knownLibraries.ts";
import { libraries, users } from "../schema/schema.ts";

export interface Owner {
  userId: string;
  knownLibraries: KnownLibrary[];
}

/** Finds the user with this subject and their live libraries in one statement. */
export async function findOwner(db: Database, subject: string): Promise<Owner | null> {
  const rows = await db.orm
    .select({ userId: users.id, ...ownedLibraryColumns })
    .from(users)
    .leftJoin(libraries, and(eq(libraries.userId, users.id), isNull(libraries.trashedAt)))
    .where(eq(users.subject, subject))
    .limit(MAX_KNOWN_LIBRARIES);
  const userId = rows[0]?.userId;
  if (userId === undefined) return null;
  return { userId, knownLibraries: toKnownLibraries(rows) };
}
