/** Reads the state that an upload needs before its file: libraries, the owner's storage, and a declared duplicate. */
import { and, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { storageUsedBy } from "../accounts/users.ts";
import { facedColumns, parseFacedRow, type FacedAsset } from "../assets/assets.ts";
import {
  isLiveCandidate,
  selectLiveLibraries,
  trashClearedAtOf,
  type LibraryState,
  type StorageUsage,
} from "../libraries/libraries.ts";
import { isVisible, type LibraryScope } from "../libraries/libraryScope.ts";
import { assets, libraries, users } from "../schema/schema.ts";

/** Digests of one file in base64; null for an unknown one. */
export interface FileDigests {
  sha256: string | null;
  sha1: string | null;
}

/** Storage of the user who owns the library of an upload: members use the owner's. */
export interface OwnerStorage extends StorageUsage {
  userId: string;
}

export interface UploadTargets {
  /** The result of `selectLiveLibraries`. */
  live: LibraryState[];
  /** The owner of the first of these libraries; the caller without one. */
  owner: OwnerStorage | null;
  /** An asset of these libraries that has all of the digests, live or trashed. */
  duplicate: FacedAsset | null;
}

function digestConditions(digests: FileDigests[]): SQL[] {
  return digests.flatMap(({ sha256, sha1 }) => [
    ...(sha256 === null ? [] : [eq(assets.checksum, sha256)]),
    ...(sha1 === null ? [] : [eq(assets.checksumSha1, sha1)]),
  ]);
}

/** Seeks one index per library. Ignores assets of a cleared trash, whose rows are about to be deleted. */
function selectDuplicate(db: Database, scope: LibraryScope, libraryId: string | null, digests: SQL[]) {
  const targets = db.orm.select({ id: libraries.id }).from(libraries).where(isLiveCandidate(scope, libraryId)).limit(2);
  const visible = isVisible(assets.trashedAt, trashClearedAtOf(sql`${assets.libraryId}`));
  return db.orm
    .select(facedColumns)
    .from(assets)
    .where(and(inArray(assets.libraryId, targets), ...digests, visible))
    .limit(1);
}

/** Reads everything in one round trip. Contradictory digests match no asset. */
export async function findUploadTargets(
  db: Database,
  scope: LibraryScope,
  libraryId: string | null,
  digests: FileDigests[],
): Promise<UploadTargets> {
  const conditions = digestConditions(digests);
  const duplicates = conditions.length === 0 ? [] : [selectDuplicate(db, scope, libraryId, conditions)];
  const libraryOwner = db.orm
    .select({ userId: libraries.userId })
    .from(libraries)
    .where(isLiveCandidate(scope, libraryId))
    .limit(1);
  const [live, owners, rows] = await db.orm.batch([
    selectLiveLibraries(db, scope, libraryId),
    db.orm
      .select({
        userId: users.id,
        usedBytes: storageUsedBy(sql`users.id`).as("used_bytes"),
        limitBytes: users.storageLimitBytes,
      })
      .from(users)
      .where(eq(users.id, sql`coalesce((${libraryOwner}), ${scope.userId})`)),
    ...duplicates,
  ]);
  const row = rows?.[0];
  return { live, owner: owners[0] ?? null, duplicate: row === undefined ? null : parseFacedRow(row) };
}
