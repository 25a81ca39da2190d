/** Finds the owner of the deployment for each request with the root key. */
import { eq } from "drizzle-orm";
import type { Database } from "../database.ts";
import { selectLibrariesOfSubject, type KnownLibrary } from "../libraries/knownLibraries.ts";
import { users } from "../schema/schema.ts";

export interface Owner {
  userId: string;
  knownLibraries: KnownLibrary[];
}

/** Finds the user with this subject and their live libraries, in one round trip. */
export async function findOwner(db: Database, subject: string): Promise<Owner | null> {
  const [owners, knownLibraries] = await db.orm.batch([
    db.orm.select({ id: users.id }).from(users).where(eq(users.subject, subject)),
    selectLibrariesOfSubject(db, subject),
  ]);
  return owners[0] === undefined ? null : { userId: owners[0].id, knownLibraries };
}
