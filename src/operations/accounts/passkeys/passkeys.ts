/** The passkeys of a signed-in user. */
import { AppError, notFound } from "../../../kernel/errors.ts";
import * as records from "../../../records/accounts/passkeys.ts";
import { findUser, type User } from "../../../records/accounts/users.ts";
import type { Context } from "../../context.ts";
import { requireSession, type Principal } from "../authentication.ts";
import { BUILT_IN_ISSUER, subjectOf } from "../signIn/signIn.ts";
import { createChallenge, useChallenge } from "./challenges.ts";
import {
  creationOptions,
  verifyNewPasskey,
  type CreationOptions,
  type NewCredential,
  type CreatedCredential,
} from "./webauthn.ts";

export type Passkey = records.Passkey;

/** Passkeys of one user. */
export const MAX_PASSKEYS_PER_USER = 20;
/** Kinds of connection that an authenticator names; the standard has six. */
export const MAX_TRANSPORTS = 10;

/** A new passkey, as the browser returns it, and the name that the user gives it. */
export interface PasskeyToAdd {
  credential: CreatedCredential;
  name: string;
}

/**
 * The WebAuthn user handle: the random part of a built-in identity, else the user's id. It is the
 * same for all passkeys of a user, so that an authenticator replaces instead of adding one.
 */
export function userHandle(user: Pick<User, "id" | "subject">): string {
  const prefix = subjectOf({ issuer: BUILT_IN_ISSUER, subject: "" });
  return user.subject.startsWith(prefix) ? user.subject.slice(prefix.length) : user.id;
}

/** @throws {AppError} `forbidden` unless a person is signed in. */
export async function listPasskeys(context: Context, principal: Principal): Promise<Passkey[]> {
  requireSession(principal);
  return await records.listPasskeys(context.db, principal.userId, MAX_PASSKEYS_PER_USER);
}

/**
 * Returns the options for `navigator.credentials.create()`.
 *
 * @throws {AppError} `forbidden` unless a person is signed in, `conflict` at `MAX_PASSKEYS_PER_USER`.
 */
export async function startAddingPasskey(
  context: Context,
  principal: Principal,
  origin: string,
): Promise<CreationOptions> {
  const existing = await listPasskeys(context, principal);
  if (existing.length >= MAX_PASSKEYS_PER_USER) throw tooManyPasskeys();
  const user = await findUser(context.db, principal.userId);
  if (user === null) throw notFound("user");
  const name = user.email ?? user.firstName ?? "Tintype";
  const challenge = await createChallenge(context, { purpose: "add", boundTo: principal.userId });
  return creationOptions(origin, challenge, { handle: userHandle(user), name, existing });
}

function tooManyPasskeys(): AppError {
  return new AppError("conflict", `an account has at most ${MAX_PASSKEYS_PER_USER} passkeys: delete one first`);
}

/** @throws {AppError} `conflict` if the passkey exists already, and at `MAX_PASSKEYS_PER_USER`. */
export async function storePasskey(
  context: Context,
  userId: string,
  verified: NewCredential,
  { credential, name }: PasskeyToAdd,
): Promise<Passkey> {
  const transports = (credential.response.transports ?? []).slice(0, MAX_TRANSPORTS);
  const row = { userId, ...verified, transports, name };
  const passkey = await records
    .insertPasskey(context.db, row, MAX_PASSKEYS_PER_USER, context.nowMs)
    .catch((error: unknown) => {
      throw records.hasTooManyPasskeys(error) ? tooManyPasskeys() : error;
    });
  if (passkey === null) throw new AppError("conflict", "this passkey is registered already");
  return passkey;
}

/**
 * Adds the passkey that the browser created.
 *
 * @throws {AppError} `forbidden` unless a person is signed in; `bad_request` for an expired, used or foreign challenge,
 * another origin or an invalid response; `conflict` for a known passkey, and at `MAX_PASSKEYS_PER_USER`.
 */
export async function addPasskey(
  context: Context,
  principal: Principal,
  origin: string,
  passkey: PasskeyToAdd,
): Promise<Passkey> {
  requireSession(principal);
  const { response } = passkey.credential;
  const { challenge, boundTo } = await useChallenge(context, origin, "add", response.clientDataJSON);
  if (boundTo !== principal.userId) throw new AppError("bad_request", "this passkey request is another user's");
  const verified = await verifyNewPasskey(origin, challenge, passkey.credential);
  if (verified === null) throw new AppError("bad_request", "the passkey is not valid: start again");
  return await storePasskey(context, principal.userId, verified, passkey);
}

/** @throws {AppError} `forbidden` unless a person is signed in, `not_found`. */
export async function renamePasskey(
  context: Context,
  principal: Principal,
  id: string,
  name: string,
): Promise<Passkey> {
  requireSession(principal);
  const passkey = await records.renamePasskey(context.db, principal.userId, id, name);
  if (passkey === null) throw notFound("passkey");
  return passkey;
}

/**
 * Deletes a passkey.
 *
 * @throws {AppError} `forbidden` unless a person is signed in, `not_found`; `conflict` for the last one unless
 * `mayBeLast`: without passkeys only the owner's root key, a one-time link or another provider signs in.
 */
export async function deletePasskey(
  context: Context,
  principal: Principal,
  id: string,
  mayBeLast: boolean,
): Promise<void> {
  requireSession(principal);
  if (await records.deletePasskey(context.db, principal.userId, id, mayBeLast)) return;
  if (!(await records.hasPasskey(context.db, principal.userId, id))) throw notFound("passkey");
  throw new AppError("conflict", "this is your last passkey: add another one first, or send allow_last=true");
}
