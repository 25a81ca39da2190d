/** The owner of the deployment, who holds the root key. */
import { createUserWithLibrary, ROOT_SUBJECT, type User } from "../../records/accounts/users.ts";
import type { Context } from "../context.ts";

/** Returns the owner. Creates the owner and a first library unless they exist. */
export async function ensureOwner({ db, config, nowMs }: Context): Promise<User> {
  const { defaultUserStorageLimitBytes: userBytes, defaultLibraryStorageLimitBytes: libraryBytes } = config;
  return await createUserWithLibrary(db.primary(), ROOT_SUBJECT, { userBytes, libraryBytes }, nowMs);
}
