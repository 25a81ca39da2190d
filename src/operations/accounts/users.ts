/** The caller's account. */
import { notFound } from "../../kernel/errors.ts";
import type { Database } from "../../records/database.ts";
import { findUser, type User } from "../../records/accounts/users.ts";
import type { Principal } from "./authentication.ts";

export async function getUser(db: Database, who: Principal): Promise<User> {
  const user = await findUser(db, who.userId);
  if (user === null) throw notFound("user");
  return user;
}
