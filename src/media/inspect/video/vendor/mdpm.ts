/** What AVCHD camcorders note with each key frame: the clock, the maker, the place. It lies in a message of H.264 for "user data". */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { position } from "../../exif/gps.ts";
import { tidyText } from "../../metadata/normalize.ts";
import { parseExifDate } from "../../metadata/wallTime.ts";
import { unescaped, unitsIn } from "../codecs/bitReader.ts";
import type { VideoFindings } from "../videoInfo.ts";

const messageUnit = 6;
const mark = "\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\x00\x20\x0c\x9a\x66MDPM";
const makers = new Map([
  [0x0103, "Panasonic"],
  [0x0108, "Sony"],
  [0x1011, "Canon"],
  [0x1104, "JVC"],
]);

/** Each entry is a tag and four bytes; longer values go on in the tags that follow. */
type Entries = ReadonlyMap<number, Uint8Array>;

export function readCamcorderNotes(stream: Uint8Array, facts: VideoFindings): void {
  for (const unit of unitsIn(stream)) {
    if (((unit[0] ?? 0) & 0x1f) !== messageUnit) continue;
    const message = unescaped(unit);
    const at = asciiAt(message, 0, message.length).indexOf(mark);
    if (at < 0) continue;
    applyNotes(entriesIn(message, at + mark.length), facts);
    return;
  }
}

function entriesIn(message: Uint8Array, at: number): Entries {
  const entries = new Map<number, Uint8Array>();
  const count = message[at] ?? 0;
  for (let i = 0; i < count; i++) {
    const start = at + 1 + i * 5;
    const tag = message[start];
    const value = message.subarray(start + 1, start + 5);
    if (tag !== undefined && value.length === 4) entries.set(tag, value);
  }
  return entries;
}

function applyNotes(entries: Entries, facts: VideoFindings): void {
  const { metadata } = facts;
  const date = captureDate(entries);
  facts.captureTime = date;
  metadata.originalDatetime = date;
  const maker = entries.get(0xe0);
  metadata.make = (maker && makers.get(viewOf(maker).getUint16(0))) ?? null;
  if (metadata.make === "Sony")
    metadata.model = tidyText([0xe4, 0xe5, 0xe6].map((tag) => textIn(entries, tag)).join(""));
  const latitude = degrees(entries, 0xb2, textIn(entries, 0xb1));
  const found = position(latitude, degrees(entries, 0xb6, textIn(entries, 0xb5)));
  if (found === null || textIn(entries, 0xbe).startsWith("V")) return;
  const altitude = fraction(entries, 0xba);
  const isBelow = entries.get(0xb9)?.some((byte) => byte !== 0) ?? false;
  Object.assign(metadata, found, { altitude: altitude !== null && isBelow ? 0 - altitude : altitude });
}

/** Zone, year and month, then day, hour, minute and second, two decimal digits a byte. */
function captureDate(entries: Entries) {
  const [zone = 0, century = 0, year = 0, month = 0] = entries.get(0x18) ?? [];
  const [day = 0, hour = 0, minute = 0, second = 0] = entries.get(0x19) ?? [];
  const two = (byte: number) => byte.toString(16).padStart(2, "0");
  const text = `${two(century)}${two(year)}:${two(month)}:${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
  return parseExifDate(text + zoneText(zone));
}

/** The highest bit: none is known. Then summer time, the sign, the hours, half an hour. */
function zoneText(zone: number): string {
  if ((zone & 0x80) !== 0) return "";
  const standard = ((zone >> 1) & 15) * 60 + (zone & 1) * 30;
  const minutes = ((zone & 0x20) !== 0 ? 0 - standard : standard) + ((zone & 0x40) !== 0 ? 60 : 0);
  const two = (value: number) => String(value).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function textIn(entries: Entries, tag: number): string {
  const bytes = entries.get(tag);
  return bytes === undefined ? "" : asciiAt(bytes, 0, 4);
}

function fraction(entries: Entries, tag: number): number | null {
  const bytes = entries.get(tag);
  if (bytes === undefined) return null;
  const value = viewOf(bytes).getUint16(0) / viewOf(bytes).getUint16(2);
  return Number.isFinite(value) ? value : null;
}

function degrees(entries: Entries, tag: number, reference: string): number | null {
  const [whole = null, minutes = null, seconds = null] = [0, 1, 2].map((next) => fraction(entries, tag + next));
  if (whole === null) return null;
  const size = whole + (minutes ?? 0) / 60 + (seconds ?? 0) / 3600;
  return /^[sw]/i.test(reference) ? 0 - size : size;
}
