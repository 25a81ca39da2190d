/** The owner of the deployment creates, lists, limits, deactivates and deletes users. Tintype extension. */
import { randomBase64Url } from "../../kernel/base64Url.ts";
import { AppError, notFound } from "../../kernel/errors.ts";
import { deleteUser as deleteRows } from "../../records/accounts/deleteUser.ts";
import * as records from "../../records/accounts/users.ts";
import { requireOwner, type Principal } from "./authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { createOnce, storedUser, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { forgetUser } from "./knownPrincipals.ts";
import { BUILT_IN_ISSUER, subjectOf } from "./signIn/signIn.ts";
import { getUser, toAccount, type Account } from "./users.ts";

export type { UserChanges } from "../../records/accounts/users.ts";

const SUBJECT_BYTES = 32;

/**
 * Lists users, newest first.
 *
 * @throws {AppError} `forbidden` unless the principal owns the deployment.
 */
export async function listUsers(
  context: Context,
  principal: Principal,
  { afterId, limit }: { afterId: string | null; limit: number },
): Promise<{ users: Account[]; hasMore: boolean }> {
  requireOwner(principal);
  const { users, hasMore } = await records.listUsers(context.db, afterId, limit);
  return { users: users.map((user) => toAccount(context, user)), hasMore };
}

export interface NewUser {
  email: string | null;
  firstName: string | null;
  /** Null for the deployment's default. */
  storageLimitBytes: number | null;
}

/** The subject of a user who signs in on the deployment's own page. Its random part is their WebAuthn user handle. */
function newSubject(): string {
  return subjectOf({ issuer: BUILT_IN_ISSUER, subject: randomBase64Url(SUBJECT_BYTES) });
}

/**
 * Creates a user, whatever SIGN_UPS says. They sign in first with a one-time link.
 *
 * @throws {AppError} `forbidden` unless the principal owns the deployment, `validation_error` for an Idempotency-Key of a
 * different request.
 */
export async function createUser(
  context: Context,
  principal: Principal,
  { email, firstName, storageLimitBytes }: NewUser,
  idempotent: IdempotentRequest | null,
): Promise<Account> {
  requireOwner(principal);
  const { row } = await createOnce(context, idempotent, storedUser, async () => {
    const user = { email, firstName, isVerified: false, subject: newSubject() };
    const limit = storageLimitBytes ?? context.config.defaultUserStorageLimitBytes;
    const fields = { ...user, storageLimitBytes: limit };
    return { id: await records.insertUser(context.db, fields, context.nowMs, idempotent) };
  });
  return await getUser(context, { userId: row.id });
}

/** @throws {AppError} `forbidden` unless the principal owns the deployment, `not_found`. */
export async function getAnyUser(context: Context, principal: Principal, userId: string): Promise<Account> {
  requireOwner(principal);
  return await getUser(context, { userId });
}

/**
 * Limits, deactivates or reactivates a user. A deactivated user's credentials get 401 from then on; reads in other
 * isolates within `PRINCIPAL_MEMORY_MS`. Their libraries stay, and members keep their access.
 *
 * @throws {AppError} `forbidden` unless the principal owns the deployment, `not_found`, `conflict` for the owner.
 */
export async function updateUser(
  context: Context,
  principal: Principal,
  userId: string,
  changes: records.UserChanges,
): Promise<Account> {
  requireOwner(principal);
  if (changes.isActive === false && userId === principal.userId) {
    throw new AppError("conflict", "the owner of the deployment can't be deactivated");
  }
  if (Object.values(changes).every((value) => value === undefined)) return await getUser(context, { userId });
  const user = await records.updateUser(context.db, userId, changes, context.nowMs);
  if (user === null) throw notFound("user");
  forgetUser(userId);
  return toAccount(context, user);
}

/**
 * Deletes a deactivated user: the profile, the credentials and the memberships at once, the libraries by scheduled
 * runs. Nothing can be restored.
 *
 * @throws {AppError} `forbidden` unless the principal owns the deployment, `not_found`, `conflict` for an active user.
 */
export async function deleteUser(context: Context, principal: Principal, userId: string): Promise<void> {
  requireOwner(principal);
  const isDeleted = await deleteRows(context.db, userId, context.nowMs);
  if (!isDeleted) {
    await getUser(context, { userId });
    throw new AppError("conflict", "user must be deactivated before it can be deleted");
  }
  forgetUser(userId);
  await requestCachePurge(context);
}
