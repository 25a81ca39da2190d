/** Content-Disposition of RFC 6266 for file names of any content. */

/**
 * Characters that are unsafe in the name of a saved file: controls (header injection, terminals), path separators, and
 * bidirectional controls, which can display `gpj.exe` as `exe.jpg`.
 */
// eslint-disable-next-line no-control-regex -- matches control characters on purpose
const UNSAFE_CHARACTERS = /[\u0000-\u001f\u007f-\u009f/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** encodeURIComponent leaves some characters outside RFC 8187's attr-char unescaped. */
function extendedValue(name: string): string {
  return encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Fallback for clients without `filename*`; some decode percent signs or misread escaped quotes. */
function asciiFallback(name: string): string {
  return name.replaceAll(/[^\u0020-\u007e]+|["%]/g, "_");
}

/** Formats the header for a download under `downloadName`. */
export function attachmentDisposition(downloadName: string): string {
  // encodeURIComponent throws on a lone surrogate; toWellFormed replaces it by U+FFFD.
  const name = downloadName.toWellFormed().replaceAll(UNSAFE_CHARACTERS, "_").trim();
  if (name === "") return "attachment";
  return `attachment; filename="${asciiFallback(name)}"; filename*=UTF-8''${extendedValue(name)}`;
}
