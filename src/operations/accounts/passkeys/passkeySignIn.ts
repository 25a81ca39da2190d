/** Signs in with a passkey, without a user name: the authenticator says whose it is. */
import { AppError } from "../../../kernel/errors.ts";
import { findPasskey, recordPasskeyUse } from "../../../records/accounts/passkeys.ts";
import type { Context } from "../../context.ts";
import { createChallenge, useChallenge } from "./challenges.ts";
import { userHandle } from "./passkeys.ts";
import { encodeHandle, requestOptions, verifyPasskey, type SignedCredential, type RequestOptions } from "./webauthn.ts";

/**
 * Returns the options for `navigator.credentials.get()`. `request` is the sign-in request of a client, for which alone
 * the signature will be good; null for the service's own pages.
 */
export async function startPasskeySignIn(
  context: Context,
  origin: string,
  request: string | null,
): Promise<RequestOptions> {
  const challenge = await createChallenge(context, { purpose: "sign_in", boundTo: request ?? "" });
  return requestOptions(origin, challenge);
}

function refuse(): never {
  throw new AppError("unauthorized", "this passkey is unknown or was deleted: sign in another way");
}

/**
 * Verifies the signature of a passkey and returns its user.
 *
 * A counter that does not grow means that the passkey was copied or the response was replayed: the sign-in is refused,
 * and the user can delete the passkey after signing in another way.
 *
 * @throws {AppError} `bad_request` for an expired, used or foreign challenge or another origin; `unauthorized` for an
 * unknown or deleted passkey, another user's handle, an invalid signature, a counter that does not grow, or an inactive
 * user.
 */
export async function authenticatePasskey(
  context: Context,
  origin: string,
  credential: SignedCredential,
  request: string | null,
): Promise<string> {
  const { clientDataJSON, userHandle: handle } = credential.response;
  const { challenge, boundTo } = await useChallenge(context, origin, "sign_in", clientDataJSON);
  if (boundTo !== (request ?? "")) throw new AppError("bad_request", "this passkey request is for another sign-in");
  const found = await findPasskey(context.db, credential.id);
  if (found === null) refuse();
  const { passkey, user } = found;
  if (handle !== encodeHandle(userHandle(user))) refuse();
  const counter = await verifyPasskey(origin, challenge, credential, passkey);
  if (counter === null) refuse();
  if (!(await recordPasskeyUse(context.db, passkey, counter, context.nowMs))) refuse();
  if (!user.isActive) throw new AppError("unauthorized", "this account is deactivated");
  return user.id;
}
