/** Begins, lists and ends the sessions of signed-in users. */
import { notFound } from "../../../kernel/errors.ts";
import { isId } from "../../../kernel/ids.ts";
import { cutToJsonBytes } from "../../../kernel/textLimits.ts";
import * as records from "../../../records/accounts/sessions.ts";
import type { Context } from "../../context.ts";
import { signAccessToken } from "./accessTokens.ts";
import { requireSession, type Principal } from "../authentication.ts";
import { forgetPrincipal, forgetUser } from "../knownPrincipals.ts";

export type Session = records.Session;

/** Longest label of a session. */
export const MAX_SESSION_LABEL_BYTES = 256;
/** Ended sessions deleted per scheduled run. */
export const MAX_ENDED_SESSIONS_PER_RUN = 10_000;

/**
 * Begins a session of a user who has just proved who they are. `label` is the User-Agent of the sign-in.
 */
export async function createSession(
  context: Context,
  userId: string,
  label: string,
): Promise<{ token: string; sessionId: string }> {
  const { config, nowMs } = context;
  const text = cutToJsonBytes(label.toWellFormed().trim(), MAX_SESSION_LABEL_BYTES);
  const tokenIssuedAt = Math.floor(nowMs / 1000) * 1000;
  const sessionId = await records.insertSession(context.db.primary(), { userId, label: text, tokenIssuedAt }, nowMs);
  return { token: await signAccessToken(config, { userId, sessionId }, nowMs), sessionId };
}

/**
 * Lists the caller's live sessions, newest first.
 *
 * @throws {AppError} `forbidden` for an API key.
 */
export async function listSessions(context: Context, principal: Principal): Promise<Session[]> {
  requireSession(principal);
  return await records.listSessions(context.db, principal.userId, context.nowMs);
}

/**
 * Ends a session of the caller. Repeatable.
 *
 * @throws {AppError} `forbidden` for an API key, `not_found`.
 */
export async function endSession(context: Context, principal: Principal, id: string): Promise<void> {
  requireSession(principal);
  if (!(await records.endSession(context.db, principal.userId, id, context.nowMs))) throw notFound("session");
  forgetPrincipal(id);
}

/**
 * Ends the caller's sessions except the one with which they call. With the root key, which is none, it ends all.
 *
 * @throws {AppError} `forbidden` for an API key.
 */
export async function endOtherSessions(context: Context, principal: Principal, credentialId: string): Promise<void> {
  requireSession(principal);
  const keptId = isId("session", credentialId) ? credentialId : null;
  await records.endOtherSessions(context.db, principal.userId, keptId, context.nowMs);
  forgetUser(principal.userId);
}

/** Deletes sessions that ended long ago. Returns their number. */
export async function sweepSessions(context: Context): Promise<number> {
  return await records.deleteEndedSessions(context.db, context.nowMs, MAX_ENDED_SESSIONS_PER_RUN);
}
