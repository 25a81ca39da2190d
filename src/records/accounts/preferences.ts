/** Changes a user's preferences. */
import { sql, type SQL } from "drizzle-orm";
import type { HomeRegion } from "../../kernel/regions/homeRegion.ts";
import type { Database } from "../database.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import type { FavoriteDisplayMode } from "../schema/accounts/accountTables.ts";
import { users } from "../schema/schema.ts";
import { findUserStatement, type UserWithStorage } from "./users.ts";

export { FAVORITE_DISPLAY_MODES } from "../schema/accounts/accountTables.ts";

export interface PreferenceChanges {
  favoriteDisplayMode?: FavoriteDisplayMode | undefined;
  demoModeEnabled?: boolean | undefined;
  immichLibraryId?: string | null | undefined;
  faceDetectionPreference?: boolean | undefined;
  homeCountry?: string | null | undefined;
  homeSubdivision?: string | null | undefined;
}

/** A condition: a live library in scope in which the user may write. */
function isWritable(scope: LibraryScope, libraryId: string): SQL {
  const chosen = sql`chosen.id`;
  return sql`EXISTS (SELECT 1 FROM libraries chosen
    WHERE ${chosen} = ${libraryId} AND ${inScope({ ...scope, action: "write" }, chosen)})`;
}

export interface ChangedPreferences {
  user: UserWithStorage | null;
  /** False if the chosen library is not a live one in which the user may write. */
  isLibraryFound: boolean;
  isChanged: boolean;
}

/**
 * Changes everything or nothing, in one round trip. Requires the chosen library, and the region from which `changes`
 * was computed.
 */
export async function updatePreferences(
  db: Database,
  scope: LibraryScope,
  changes: PreferenceChanges,
  region: HomeRegion,
  atMs: number,
): Promise<ChangedPreferences> {
  const { immichLibraryId: libraryId = null } = changes;
  const isFound = libraryId === null ? sql`TRUE` : isWritable(scope, libraryId);
  const isSameRegion = sql`${users.homeCountry} IS ${region.country} AND ${users.homeSubdivision} IS ${region.subdivision}`;
  const [found, changed, rows] = await db.orm.batch([
    db.orm.select({ isFound: sql<number>`${isFound}`.as("is_found") }).from(sql`(SELECT 1)`),
    db.orm
      .update(users)
      .set({ ...changes, updatedAt: atMs })
      .where(sql`${users.id} = ${scope.userId} AND ${isSameRegion} AND ${isFound}`)
      .returning({ id: users.id }),
    findUserStatement(db, scope.userId),
  ]);
  return { user: rows[0] ?? null, isLibraryFound: found[0]?.isFound === 1, isChanged: changed.length > 0 };
}
