/** Joins the library of the invitation that admitted a new user. */
import { AppError } from "../../../kernel/errors.ts";
import { actions } from "../../../records/accounts/actions.ts";
import { deleteUser } from "../../../records/accounts/deleteUser.ts";
import { updateUser } from "../../../records/accounts/users.ts";
import type { Context } from "../../context.ts";
import { joinLibrary, type InvitationKey } from "../../libraries/joinLibrary.ts";
import { forgetUser } from "../knownPrincipals.ts";

type JoinedLibrary = { id: string; name: string };

async function join(context: Context, userId: string, key: InvitationKey): Promise<JoinedLibrary | null> {
  const principal = { userId, libraryIds: null, actions, isSession: true, isOwner: false };
  try {
    const { id, name } = (await joinLibrary(context, principal, key)).library;
    return { id, name };
  } catch (error) {
    if (error instanceof AppError && ["conflict", "not_found"].includes(error.code)) return null;
    throw error;
  }
}

export interface NewUserJoin {
  /** False if others took the last place and only the invitation admitted the user, who was deleted again. */
  isAdmitted: boolean;
  /** Null if others took the last place. */
  library: JoinedLibrary | null;
}

/**
 * Joins at once, so that an invitation admits no more users than it has places: others may have taken the last one
 * since it was checked. `needsInvitation`: nothing else admits the user.
 */
export async function joinAsNewUser(
  context: Context,
  userId: string,
  key: InvitationKey,
  needsInvitation: boolean,
): Promise<NewUserJoin> {
  const library = await join(context, userId, key);
  if (library !== null || !needsInvitation) return { isAdmitted: true, library };
  const db = context.db.primary();
  await updateUser(db, userId, { isActive: false }, context.nowMs);
  await deleteUser(db, userId, context.nowMs);
  forgetUser(userId);
  return { isAdmitted: false, library: null };
}
