import { asciiAt, viewOf } from "../bytes/bytes.ts";
import { normalizeText } from "./normalize.ts";

const HEADER_BYTES = 128;
const MAX_TAGS = 100;
const MAX_TRANSLATIONS = 100;
const MAX_NAME_BYTES = 1024;

/** Returns the description of an ICC profile (ICC.1:2022), in English if it has several languages. */
export function profileDescription(profile: Uint8Array): string | null {
  const view = viewOf(profile);
  if (profile.length < HEADER_BYTES + 4) return null;
  const count = Math.min(view.getUint32(HEADER_BYTES), MAX_TAGS);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + 4 + i * 12;
    if (at + 12 > profile.length) return null;
    if (asciiAt(profile, at, 4) !== "desc") continue;
    const start = view.getUint32(at + 4);
    return decodeDescription(profile.subarray(start, start + view.getUint32(at + 8)));
  }
  return null;
}

function decodeDescription(tag: Uint8Array): string | null {
  if (tag.length < 12) return null;
  const type = asciiAt(tag, 0, 4);
  if (type === "mluc") return localizedName(tag);
  if (type === "text") return normalizeText(asciiAt(tag, 8, MAX_NAME_BYTES));
  if (type !== "desc") return null;
  return normalizeText(asciiAt(tag, 12, Math.min(viewOf(tag).getUint32(8), MAX_NAME_BYTES)));
}

/** multiLocalizedUnicodeType: the English name, otherwise the first. */
function localizedName(tag: Uint8Array): string | null {
  const view = viewOf(tag);
  const count = Math.min(view.getUint32(8), MAX_TRANSLATIONS);
  let first: string | null = null;
  for (let i = 0; i < count; i++) {
    const at = 16 + i * 12;
    if (at + 12 > tag.length) break;
    const start = view.getUint32(at + 8);
    const bytes = tag.subarray(start, start + Math.min(view.getUint32(at + 4), MAX_NAME_BYTES));
    const name = normalizeText(new TextDecoder("utf-16be").decode(bytes));
    if (asciiAt(tag, at, 2) === "en") return name;
    first ??= name;
  }
  return first;
}
