/** The name of an ICC profile. */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import { tidyText } from "./normalize.ts";

const headerBytes = 128;
const mostTags = 100;
const mostTranslations = 100;
const longestNameBytes = 1024;

export function profileDescription(profile: Uint8Array): string | null {
  const view = viewOf(profile);
  if (profile.length < headerBytes + 4) return null;
  const count = Math.min(view.getUint32(headerBytes), mostTags);
  for (let i = 0; i < count; i++) {
    const at = headerBytes + 4 + i * 12;
    if (at + 12 > profile.length) return null;
    if (asciiAt(profile, at, 4) !== "desc") continue;
    const start = view.getUint32(at + 4);
    return descriptionIn(profile.subarray(start, start + view.getUint32(at + 8)));
  }
  return null;
}

function descriptionIn(tag: Uint8Array): string | null {
  if (tag.length < 12) return null;
  const type = asciiAt(tag, 0, 4);
  if (type === "mluc") return localized(tag);
  if (type === "text") return tidyText(asciiAt(tag, 8, longestNameBytes));
  if (type !== "desc") return null;
  return tidyText(asciiAt(tag, 12, Math.min(viewOf(tag).getUint32(8), longestNameBytes)));
}

/** Names in several languages, UTF-16: the English one, else the first. */
function localized(tag: Uint8Array): string | null {
  const view = viewOf(tag);
  const count = Math.min(view.getUint32(8), mostTranslations);
  let first: string | null = null;
  for (let i = 0; i < count; i++) {
    const at = 16 + i * 12;
    if (at + 12 > tag.length) break;
    const start = view.getUint32(at + 8);
    const bytes = tag.subarray(start, start + Math.min(view.getUint32(at + 4), longestNameBytes));
    const name = tidyText(new TextDecoder("utf-16be").decode(bytes));
    if (asciiAt(tag, at, 2) === "en") return name;
    first ??= name;
  }
  return first;
}
