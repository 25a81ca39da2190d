/** Joins the library of the invitation that admitted a new user. */
import { AppError } from "../../kernel/errors.ts";
import { actions } from "../../records/accounts/actions.ts";
import type { Context } from "../context.ts";
import { joinLibrary, type InvitationKey } from "../libraries/joinLibrary.ts";

/**
 * Joins at once, which keeps an invitation from admitting more users than it has places. Returns null if the last place
 * was taken since the invitation was checked: the account is made all the same.
 */
export async function joinAsNewUser(
  context: Context,
  userId: string,
  key: InvitationKey,
): Promise<{ id: string; name: string } | null> {
  const principal = { userId, libraryIds: null, actions, isSession: true, isOwner: false };
  try {
    const { id, name } = (await joinLibrary(context, principal, key)).library;
    return { id, name };
  } catch (error) {
    if (error instanceof AppError && ["conflict", "not_found"].includes(error.code)) return null;
    throw error;
  }
}
