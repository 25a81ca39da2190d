/**
 * Secrets of invitations. A secret is an HMAC of the invitation's id, so that its owner can see the link again although
 * nothing of it is stored. It is as secret as MEDIA_SIGNING_KEY.
 */
import { deriveKey, deriveText } from "../accounts/derivedKeys.ts";
import type { Config } from "../../kernel/config.ts";

const PURPOSE = "library invitation";
/** 32 bytes in base64url. */
const SECRET = /^[\w-]{43}$/;

/** Returns the secret of an invitation: 43 characters of base64url. */
export async function invitationSecret({ mediaSigningKey }: Config, invitationId: string): Promise<string> {
  return await deriveText(mediaSigningKey, PURPOSE, invitationId);
}

/** Checks a secret in constant time. Secrets of the previous signing key count until that key is dropped. */
export async function isInvitationSecret(config: Config, invitationId: string, secret: string): Promise<boolean> {
  if (!SECRET.test(secret)) return false;
  const signature = Uint8Array.fromBase64(secret, { alphabet: "base64url" });
  const text = new TextEncoder().encode(invitationId);
  for (const key of [config.mediaSigningKey, config.previousMediaSigningKey]) {
    if (key !== null && (await crypto.subtle.verify("HMAC", await deriveKey(key, PURPOSE), signature, text)))
      return true;
  }
  return false;
}
