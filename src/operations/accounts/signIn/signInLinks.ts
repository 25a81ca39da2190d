/** One-time links, which sign a user in without a passkey: for the first sign-in, and after the loss of a device. */
import { randomBase64Url } from "../../../kernel/base64Url.ts";
import { AppError, notFound } from "../../../kernel/errors.ts";
import { replaceSignInLink, takeSignInLink } from "../../../records/accounts/oneTimeSecrets.ts";
import { findUser } from "../../../records/accounts/users.ts";
import type { Context } from "../../context.ts";
import { hashSecret, requireOwner, type Principal } from "../authentication.ts";

export const DEFAULT_LINK_LIFETIME_SECONDS = 3600;
/** A link that waits longer is more likely to be found by somebody else than to be used. */
export const MAX_LINK_LIFETIME_SECONDS = 7 * 24 * 3600;

const SECRET_BYTES = 32;
/** A link's secret: 32 bytes in base64url. */
const SECRET = /^[\w-]{43}$/;

export interface SignInLink {
  /** The secret is in the fragment, which browsers send to no server. */
  url: string;
  expiresAtMs: number;
}

/**
 * Creates a link that signs a user in once, and ends the user's earlier link. Only its hash is stored.
 *
 * @throws {AppError} `forbidden` unless the owner is signed in, `not_found`, `conflict` for an inactive user.
 */
export async function createSignInLink(
  context: Context,
  principal: Principal,
  origin: string,
  link: { userId: string; lifetimeSeconds: number },
): Promise<SignInLink> {
  requireOwner(principal);
  const user = await findUser(context.db, link.userId);
  if (user === null) throw notFound("user");
  if (!user.isActive) throw new AppError("conflict", "this account is deactivated: activate it first");
  const secret = randomBase64Url(SECRET_BYTES);
  const expiresAtMs = context.nowMs + link.lifetimeSeconds * 1000;
  const stored = { secretHash: await hashSecret(secret), userId: user.id, expiresAt: expiresAtMs };
  await replaceSignInLink(context.db, stored, context.nowMs);
  return { url: `${origin}/sign-in#link=${secret}`, expiresAtMs };
}

/**
 * Ends a link and returns its user.
 *
 * @throws {AppError} `unauthorized` if the link is unknown, used, replaced or expired, or its user is inactive.
 */
export async function redeemSignInLink(context: Context, secret: string): Promise<string> {
  const link = SECRET.test(secret) ? await takeSignInLink(context.db, await hashSecret(secret)) : null;
  if (link === null || link.expiresAt <= context.nowMs) {
    throw new AppError("unauthorized", "this link has expired or was used: ask for a new one");
  }
  const user = await findUser(context.db, link.userId);
  if (user?.isActive !== true) throw new AppError("unauthorized", "this account is deactivated");
  return user.id;
}
