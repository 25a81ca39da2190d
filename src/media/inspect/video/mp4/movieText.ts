import { normalizeText } from "../../metadata/normalize.ts";

const MAX_TEXT_BYTES = 4096;
/** Lower values are Macintosh language codes, whose text is MacRoman; higher ones are ISO 639-2/T letters. */
const MIN_ISO_LANGUAGE = 0x400;

/** Decodes QuickTime and 3GPP text: UTF-8, UTF-16 with a byte order mark, MacRoman or Windows-1252; null if empty. */
export function decodeMovieText(bytes: Uint8Array, language = MIN_ISO_LANGUAGE): string | null {
  const cut = bytes.subarray(0, MAX_TEXT_BYTES);
  const byteOrderMark = ((cut[0] ?? 0) << 8) | (cut[1] ?? 0);
  if (byteOrderMark === 0xfeff) return normalizeText(new TextDecoder("utf-16be").decode(cut));
  if (byteOrderMark === 0xfffe) return normalizeText(new TextDecoder("utf-16le").decode(cut));
  try {
    return normalizeText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(cut));
  } catch {
    return normalizeText(new TextDecoder(language < MIN_ISO_LANGUAGE ? "macintosh" : "windows-1252").decode(cut));
  }
}
