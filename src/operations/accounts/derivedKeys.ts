/** Derives a key per purpose from one secret, so that a deployment needs no further secrets. */
import { toBase64Url } from "../../kernel/base64Url.ts";

const utf8 = new TextEncoder();

/** Deriving takes two calls of WebCrypto, so the isolate keeps its keys. */
const derivedKeys = new Map<string, CryptoKey>();
/** The current and the previous secret, times the purposes. */
const MAX_DERIVED_KEYS = 32;

async function derive(secret: string, purpose: string): Promise<CryptoKey> {
  const source = await crypto.subtle.importKey("raw", utf8.encode(secret), "HKDF", false, ["deriveKey"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8.encode(`tintype ${purpose}`) };
  const target = { name: "HMAC", hash: "SHA-256", length: 256 };
  return await crypto.subtle.deriveKey(parameters, source, target, false, ["sign", "verify"]);
}

/**
 * Derives an HMAC-SHA-256 key from a secret by HKDF (RFC 5869). Another purpose gives an unrelated key, so a signature
 * for one never counts for another.
 */
export async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const name = `${purpose}\n${secret}`;
  const known = derivedKeys.get(name);
  if (known !== undefined) return known;
  const key = await derive(secret, purpose);
  if (derivedKeys.size >= MAX_DERIVED_KEYS) derivedKeys.clear();
  derivedKeys.set(name, key);
  return key;
}

/** Returns the HMAC of a text in base64url: 43 characters that only a holder of the secret can compute. */
export async function deriveText(secret: string, purpose: string, text: string): Promise<string> {
  return toBase64Url(await crypto.subtle.sign("HMAC", await deriveKey(secret, purpose), utf8.encode(text)));
}
