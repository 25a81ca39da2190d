/**
 * Digests in headers: Repr-Digest and Content-Digest (RFC 9530), of which only SHA-256 is used, and the SHA-1 of
 * Immich's clients.
 */
import { invalid } from "../kernel/errors.ts";

/** A byte sequence of RFC 8941: base64 between colons. Parameters may follow. */
const MEMBER = /^([a-z*][a-z0-9_\-.*]*)=:([A-Za-z0-9+/]*={0,2}):(?:[ \t]*;.*)?$/;
/** SHA-256 in base64: 32 bytes. */
const SHA256_BASE64 = /^[A-Za-z0-9+/]{43}=$/;

export function isSha256(text: string): boolean {
  return SHA256_BASE64.test(text);
}

/**
 * Reads the SHA-256 of a digest field, base64; null without one, because recipients may ignore other algorithms
 * (RFC 9530 §2).
 *
 * @throws {AppError} `validation_error` for a malformed field.
 */
export function parseDigestField(value: string, loc: string[]): string | null {
  let sha256: string | null = null;
  for (const member of value.split(",")) {
    const [, algorithm, digest] = MEMBER.exec(member.trim()) ?? [];
    const isValid = digest !== undefined && (algorithm !== "sha-256" || isSha256(digest));
    if (!isValid) throw invalid(loc, "Repr-Digest must have the form sha-256=:<base64>:");
    if (algorithm === "sha-256") sha256 = digest;
  }
  return sha256;
}

/** SHA-1 as Immich's clients send it: 20 bytes in base64 or in hexadecimal. */
const SHA1 = /^(?:[A-Za-z0-9+/]{27}=|[0-9A-Fa-f]{40})$/;
const SHA1_HEX_CHARACTERS = 40;

/**
 * Reads a SHA-1 in base64 or hexadecimal; returns base64, or null for an empty text.
 *
 * @throws {AppError} `validation_error` for another text.
 */
export function parseSha1(text: string, loc: string[]): string | null {
  if (text === "") return null;
  if (!SHA1.test(text)) throw invalid(loc, "must be a SHA-1 in base64 or hexadecimal");
  if (text.length !== SHA1_HEX_CHARACTERS) return text;
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)).toBase64();
}

/** `sha256` in base64. */
export function formatDigestField(sha256: string): string {
  return `sha-256=:${sha256}:`;
}
