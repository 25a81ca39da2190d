/** The libraries of a credential, read together with the credential itself. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { apiKeys, libraries } from "../schema/schema.ts";

/** What statements need of a library. It may have changed since it was read. */
export interface KnownLibrary {
  id: string;
  trashClearedAt: number;
}

/** One library is the default of requests without an id; of two, none is. */
export const MAX_KNOWN_LIBRARIES = 2;

/** The live libraries that the API key with this hash covers. */
export function selectLibrariesOfKey(db: Database, secretHash: string) {
  const isCovered = sql`(${apiKeys.libraryIds} IS NULL OR ${libraries.id} IN (SELECT value FROM json_each(${apiKeys.libraryIds})))`;
  return db.orm
    .select({ id: libraries.id, trashClearedAt: libraries.trashClearedAt })
    .from(apiKeys)
    .innerJoin(libraries, eq(libraries.userId, apiKeys.userId))
    .where(and(eq(apiKeys.secretHash, secretHash), isNull(libraries.trashedAt), isCovered))
    .limit(MAX_KNOWN_LIBRARIES);
}
