/** Text in base64url without padding (RFC 4648, section 5), as URLs, JSON Web Tokens and WebAuthn have it. */

/** Encodes bytes: 32 of them give 43 characters. */
export function toBase64Url(bytes: Uint8Array | ArrayBuffer): string {
  return new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Encodes random bytes: a secret from 16 on. */
export function randomBase64Url(byteLength: number): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(byteLength)));
}
