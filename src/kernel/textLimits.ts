/**
 * Limits of stored text. Text counts in bytes of JSON: UTF-8, with the escapes of quotes, backslashes and control
 * characters. So a limit holds for the row and for the response, whatever the characters.
 */

/** Names, places, camera models, device ids. */
export const MAX_NAME_BYTES = 1024;
/** Captions of assets, descriptions of albums and libraries. */
export const MAX_CAPTION_BYTES = 16 * 1024;
/** Names that a geocoder returns. */
export const MAX_GEOCODED_NAME_BYTES = 256;
/** All JSON columns of one row together. D1 allows 2 MB per row. */
export const MAX_ROW_JSON_BYTES = 64 * 1024;

/** The escapes \b \t \n \f \r; other control characters take six bytes, such as \u0001. */
const SHORT_ESCAPES = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x22, 0x5c]);

function bytesOfCharacter(codePoint: number): number {
  if (SHORT_ESCAPES.has(codePoint)) return 2;
  if (codePoint < 0x20) return 6;
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  // JSON.stringify escapes an unpaired surrogate.
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 6;
  return codePoint < 0x10000 ? 3 : 4;
}

/** The number of UTF-16 units that fit into `maxBytes` bytes of JSON, without half a surrogate pair. */
function fittingUnits(text: string, maxBytes: number): number {
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const codePoint = text.codePointAt(at) ?? 0;
    bytes += bytesOfCharacter(codePoint);
    if (bytes > maxBytes) return at;
    at += codePoint < 0x10000 ? 1 : 2;
  }
  return text.length;
}

export function fitsJsonBytes(text: string, maxBytes: number): boolean {
  return text.length <= maxBytes && fittingUnits(text, maxBytes) === text.length;
}

/** Cuts text to at most `maxBytes` bytes of JSON, between characters, and trims the end of a cut. */
export function cutToJsonBytes(text: string, maxBytes: number): string {
  const units = fittingUnits(text, maxBytes);
  return units === text.length ? text : text.slice(0, units).trimEnd();
}

/** The size of a value as JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}
