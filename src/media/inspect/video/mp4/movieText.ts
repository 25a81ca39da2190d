/** Text as QuickTime and 3GPP write it: UTF-8, UTF-16 behind its mark, or the alphabet of an old Macintosh. */
import { tidyText } from "../../metadata/normalize.ts";

const longestTextBytes = 4096;
/** Languages below this are numbers of the Macintosh, whose text is in its alphabet; above they are letters. */
const firstIsoLanguage = 0x400;

export function movieText(bytes: Uint8Array, language = firstIsoLanguage): string | null {
  const cut = bytes.subarray(0, longestTextBytes);
  const mark = ((cut[0] ?? 0) << 8) | (cut[1] ?? 0);
  if (mark === 0xfeff) return tidyText(new TextDecoder("utf-16be").decode(cut));
  if (mark === 0xfffe) return tidyText(new TextDecoder("utf-16le").decode(cut));
  try {
    return tidyText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(cut));
  } catch {
    return tidyText(new TextDecoder(language < firstIsoLanguage ? "macintosh" : "windows-1252").decode(cut));
  }
}
