/** E-mail addresses: their form and their comparison. */

/** RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets. */
export const MAX_EMAIL_BYTES = 254;

const EMAIL = /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u;

/** Returns the trimmed address, or null if it is malformed or longer than `MAX_EMAIL_BYTES`. */
export function parseEmail(text: string): string | null {
  const email = text.trim();
  const fits = email.length <= MAX_EMAIL_BYTES && new TextEncoder().encode(email).byteLength <= MAX_EMAIL_BYTES;
  return fits && EMAIL.test(email) ? email : null;
}

/**
 * Folds the case of ASCII letters only. Unicode folding maps other characters to them, such as the Kelvin sign to `k`,
 * so that one person could register the address of another.
 */
export function foldEmail(email: string): string {
  return email.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The folded part after the `@`. */
export function emailDomain(email: string): string {
  return foldEmail(email.slice(email.indexOf("@") + 1));
}
