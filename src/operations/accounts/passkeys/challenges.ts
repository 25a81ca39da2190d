/** Challenges for passkeys: random, valid once and for five minutes, stored as hashes. */
import { randomBase64Url } from "../../../kernel/base64Url.ts";
import { AppError } from "../../../kernel/errors.ts";
import { insertChallenge, takeChallenge, type Challenge } from "../../../records/accounts/oneTimeSecrets.ts";
import type { Context } from "../../context.ts";
import { hashSecret } from "../authentication.ts";
import { CHALLENGE_LIFETIME_MS, readClientData, type ClientData } from "./webauthn.ts";

const CHALLENGE_BYTES = 32;

/** `boundTo` is the sign-in request, the new user's handle or the user; empty for the service's own pages. */
export type ChallengeUse = Pick<Challenge, "purpose" | "boundTo">;

/** Stores the hash of a new challenge for one use, and returns the challenge in base64url. */
export async function createChallenge(context: Context, use: ChallengeUse): Promise<string> {
  const challenge = randomBase64Url(CHALLENGE_BYTES);
  const challengeHash = await hashSecret(challenge);
  const expiresAt = context.nowMs + CHALLENGE_LIFETIME_MS;
  await insertChallenge(context.db, { challengeHash, ...use, expiresAt }, context.nowMs);
  return challenge;
}

/**
 * Ends the challenge that the browser signed, and returns what it signed and what the challenge is bound to.
 *
 * @throws {AppError} `bad_request` if the challenge is unknown, used, expired or for another purpose, or if the page has
 * another origin.
 */
export async function useChallenge(
  context: Context,
  origin: string,
  purpose: Challenge["purpose"],
  clientDataJson: string,
): Promise<ClientData & { boundTo: string }> {
  const clientData = readClientData(clientDataJson);
  if (clientData === null) throw new AppError("bad_request", "malformed clientDataJSON");
  const challenge = await takeChallenge(context.db, await hashSecret(clientData.challenge));
  if (challenge === null || challenge.purpose !== purpose || challenge.expiresAt <= context.nowMs) {
    throw new AppError("bad_request", "this passkey request has expired or was used: start again");
  }
  if (clientData.origin !== origin) {
    throw new AppError("bad_request", `passkeys work at ${origin} only: open the page there`);
  }
  return { ...clientData, boundTo: challenge.boundTo };
}
