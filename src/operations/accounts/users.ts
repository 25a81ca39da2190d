import { notFound } from "../../kernel/errors.ts";
import { findUser, type UserWithStorage } from "../../records/accounts/users.ts";
import type { Principal } from "./authentication.ts";
import type { Context } from "../context.ts";

/**
 * Reads the account of the principal.
 *
 * @throws {AppError} `not_found`.
 */
export async function getUser(context: Context, principal: Principal): Promise<UserWithStorage> {
  const user = await findUser(context.db, principal.userId);
  if (user === null) throw notFound("user");
  return user;
}
