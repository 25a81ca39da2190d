/** Content-Disposition of RFC 6266 for any file name a client ever sent. Pure; the stored name stays as it is. */

/**
 * What a download's name must not carry onto someone's disk: control characters (header injection, terminals), path
 * separators, and the bidirectional controls that make `gpj.exe` read as a picture.
 */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** RFC 8187 attr-char is less than encodeURIComponent leaves alone. */
function extendedValue(name: string): string {
  return encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** For clients that do not know `filename*`; some decode percent signs or stumble over escaped quotes. */
function asciiFallback(name: string): string {
  return name.replaceAll(/[^\u0020-\u007e]+|["%]/g, "_");
}

export function attachment(downloadName: string): string {
  // encodeURIComponent throws on half a surrogate pair; UTF-8 makes it U+FFFD.
  const wellFormed = new TextDecoder().decode(new TextEncoder().encode(downloadName));
  const name = wellFormed.replaceAll(UNSAFE, "_").trim();
  if (name === "") return "attachment";
  return `attachment; filename="${asciiFallback(name)}"; filename*=UTF-8''${extendedValue(name)}`;
}
