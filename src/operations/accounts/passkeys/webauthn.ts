/**
 * Options and verified responses of WebAuthn (W3C, Level 3):
 * docs/decisions/0040-passkeys-are-the-built-in-sign-in.md.
 */
import { z } from "zod";
import { toBase64Url } from "../../../kernel/base64Url.ts";
import { info } from "../../../kernel/log.ts";
import type { Passkey } from "../../../records/accounts/passkeys.ts";

interface Credential {
  /** base64url, as every text of a credential. */
  id: string;
  rawId: string;
  type: "public-key";
}

/** `RegistrationResponseJSON` of WebAuthn, as far as it is used. */
export interface CreatedCredential extends Credential {
  response: { clientDataJSON: string; attestationObject: string; transports?: string[] | undefined };
}

/** `AuthenticationResponseJSON` of WebAuthn, as far as it is used. */
export interface SignedCredential extends Credential {
  response: {
    clientDataJSON: string;
    authenticatorData: string;
    signature: string;
    userHandle?: string | undefined;
  };
}

/** How long a person has for the browser's passkey dialog. */
export const CHALLENGE_LIFETIME_MS = 5 * 60_000;

const NAME = "Tintype";

/** COSE algorithms that workerd verifies: Ed25519, ES256 and RS256. */
const ALGORITHMS = [-8, -7, -257];

/** Loads the library at the first passkey: its evaluation would prolong the start of every isolate. */
async function loadLibrary() {
  return await import("@simplewebauthn/server");
}

/** Passkeys belong to a host name, which the browser compares with the page's. */
function rpIdOf(origin: string): string {
  return new URL(origin).hostname;
}

/** Options for `navigator.credentials.get()`: any passkey of this host, with the user's PIN or biometrics. */
export function requestOptions(origin: string, challenge: string) {
  return {
    challenge,
    rpId: rpIdOf(origin),
    timeout: CHALLENGE_LIFETIME_MS,
    userVerification: "required" as const,
  };
}

export type RequestOptions = ReturnType<typeof requestOptions>;

export interface PasskeyUser {
  /** Same for all passkeys of a user; contains nothing personal. */
  handle: string;
  /** Shown by the browser when the person chooses a passkey. */
  name: string;
  /** Passkeys that the user has, so that one authenticator is not registered twice. */
  existing: readonly Passkey[];
}

/** The WebAuthn encoding of a user's handle. */
export function encodeHandle(handle: string): string {
  return toBase64Url(new TextEncoder().encode(handle));
}

/** Options for `navigator.credentials.create()`: a discoverable passkey, without attestation. */
export function creationOptions(origin: string, challenge: string, user: PasskeyUser) {
  const type = "public-key" as const;
  return {
    challenge,
    rp: { id: rpIdOf(origin), name: NAME },
    user: { id: encodeHandle(user.handle), name: user.name, displayName: user.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type, alg })),
    timeout: CHALLENGE_LIFETIME_MS,
    attestation: "none" as const,
    excludeCredentials: user.existing.map(({ credentialId: id, transports }) => ({ type, id, transports })),
    authenticatorSelection: {
      residentKey: "required" as const,
      requireResidentKey: true,
      userVerification: "required" as const,
    },
  };
}

export type CreationOptions = ReturnType<typeof creationOptions>;

const clientDataSchema = z.object({ challenge: z.string(), origin: z.string() });
export type ClientData = z.infer<typeof clientDataSchema>;

/** Reads what the browser signed; null if it is malformed. */
export function readClientData(clientDataJson: string): ClientData | null {
  try {
    const bytes = Uint8Array.fromBase64(clientDataJson, { alphabet: "base64url" });
    return clientDataSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

/** The library throws plain errors, which name the field that differs. */
async function orNull<T>(verifying: Promise<T>): Promise<T | null> {
  try {
    return await verifying;
  } catch (error) {
    info("passkey refused", { reason: String(error) });
    return null;
  }
}

export type NewCredential = Pick<Passkey, "credentialId" | "publicKey" | "counter">;

/** Verifies a new passkey. `challenge` is the one that was taken for it. Returns null if anything differs. */
export async function verifyNewPasskey(
  origin: string,
  challenge: string,
  credential: CreatedCredential,
): Promise<NewCredential | null> {
  const { verifyRegistrationResponse } = await loadLibrary();
  const { clientDataJSON, attestationObject } = credential.response;
  const verifying = verifyRegistrationResponse({
    response: { ...credential, clientExtensionResults: {}, response: { clientDataJSON, attestationObject } },
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpIdOf(origin),
    supportedAlgorithmIDs: ALGORITHMS,
  });
  const result = await orNull(verifying);
  if (result?.verified !== true) return null;
  const { id, publicKey, counter } = result.registrationInfo.credential;
  return { credentialId: id, publicKey: toBase64Url(publicKey), counter };
}

/** Verifies a signature of a stored passkey. Returns the authenticator's counter; null if anything differs. */
export async function verifyPasskey(
  origin: string,
  challenge: string,
  credential: SignedCredential,
  passkey: Passkey,
): Promise<number | null> {
  const { verifyAuthenticationResponse } = await loadLibrary();
  const { clientDataJSON, authenticatorData, signature } = credential.response;
  const verifying = verifyAuthenticationResponse({
    response: { ...credential, clientExtensionResults: {}, response: { clientDataJSON, authenticatorData, signature } },
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpIdOf(origin),
    credential: {
      id: passkey.credentialId,
      publicKey: Uint8Array.fromBase64(passkey.publicKey, { alphabet: "base64url" }),
      counter: passkey.counter,
    },
  });
  const result = await orNull(verifying);
  return result?.verified === true ? result.authenticationInfo.newCounter : null;
}
