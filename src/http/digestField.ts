/** Repr-Digest and Content-Digest (RFC 9530), of which only SHA-256 is used. */
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

/** `sha256` in base64. */
export function formatDigestField(sha256: string): string {
  return `sha-256=:${sha256}:`;
}
