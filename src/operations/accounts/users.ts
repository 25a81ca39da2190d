/** Accounts as their users and the owner see them. */
import { notFound } from "../../kernel/errors.ts";
import { findUser, ROOT_SUBJECT, type UserWithStorage } from "../../records/accounts/users.ts";
import type { Principal } from "./authentication.ts";
import type { Context } from "../context.ts";
import { isDetectionAvailable } from "../faces/detection/excludedRegions.ts";

export interface Account extends UserWithStorage {
  /** Never null: clients of the Immich API fail without an address. */
  email: string;
  /** Whether the user may turn on automatic face detection. */
  isFaceDetectionAvailable: boolean;
}

/** The name and address of a user. The configuration has the owner's; a user without one gets an address of nobody. */
export function profileOf(
  { config: { accounts } }: Context,
  user: Pick<UserWithStorage, "id" | "subject" | "email" | "firstName">,
): { email: string; firstName: string | null } {
  if (user.subject === ROOT_SUBJECT) return { email: accounts.ownerEmail, firstName: accounts.ownerName };
  return { email: user.email ?? `${user.id}@tintype.invalid`, firstName: user.firstName };
}

export function toAccount(context: Context, user: UserWithStorage): Account {
  return { ...user, ...profileOf(context, user), isFaceDetectionAvailable: isDetectionAvailable(context.config, user) };
}

/**
 * Reads the account of the principal.
 *
 * @throws {AppError} `not_found`.
 */
export async function getUser(context: Context, principal: Pick<Principal, "userId">): Promise<Account> {
  const user = await findUser(context.db, principal.userId);
  if (user === null) throw notFound("user");
  return toAccount(context, user);
}
