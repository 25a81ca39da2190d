/** Reads the Modified Digital Video Pack Metadata (MDPM) that AVCHD camcorders store in an H.264 user data message. */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { validPosition } from "../../location/gps.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import { parseExifDate } from "../../metadata/wallTime.ts";
import { removeEmulationPrevention, startCodeUnits } from "../codecs/bitReader.ts";
import type { VideoDraft } from "../videoInfo.ts";

const SEI_UNIT = 6;
const MDPM_UUID = "\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\x00\x20\x0c\x9a\x66MDPM";
const makers = new Map([
  [0x0103, "Panasonic"],
  [0x0108, "Sony"],
  [0x1011, "Canon"],
  [0x1104, "JVC"],
]);

/** Tag numbers as in exiftool's H264 table. */
const tags = {
  date: 0x18,
  time: 0x19,
  gpsLatitudeRef: 0xb1,
  /** Degrees, minutes and seconds in three tags. */
  gpsLatitude: 0xb2,
  gpsLongitudeRef: 0xb5,
  gpsLongitude: 0xb6,
  gpsAltitudeRef: 0xb9,
  gpsAltitude: 0xba,
  gpsStatus: 0xbe,
  make: 0xe0,
  /** Four characters in each of three tags. */
  model: 0xe4,
} as const;

/** Entries by tag, four bytes each; longer values continue in the following tags. */
type Entries = ReadonlyMap<number, Uint8Array>;

/** Fills `draft` with capture time, make, model and location from the first MDPM message in an H.264 stream. */
export function readMdpm(stream: Uint8Array, draft: VideoDraft): void {
  for (const unit of startCodeUnits(stream)) {
    if (((unit[0] ?? 0) & 0x1f) !== SEI_UNIT) continue;
    const message = removeEmulationPrevention(unit);
    const at = asciiAt(message, 0, message.length).indexOf(MDPM_UUID);
    if (at < 0) continue;
    applyEntries(parseEntries(message, at + MDPM_UUID.length), draft);
    return;
  }
}

function parseEntries(message: Uint8Array, at: number): Entries {
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

function applyEntries(entries: Entries, draft: VideoDraft): void {
  const { metadata } = draft;
  const date = readCaptureTime(entries);
  draft.captureTime = date;
  metadata.originalDatetime = date;
  const maker = entries.get(tags.make);
  metadata.make = (maker && makers.get(viewOf(maker).getUint16(0))) ?? null;
  if (metadata.make === "Sony")
    metadata.model = normalizeText([0, 1, 2].map((next) => readText(entries, tags.model + next)).join(""));
  const latitude = readDegrees(entries, tags.gpsLatitude, readText(entries, tags.gpsLatitudeRef));
  const coordinates = validPosition(
    latitude,
    readDegrees(entries, tags.gpsLongitude, readText(entries, tags.gpsLongitudeRef)),
  );
  if (coordinates === null || readText(entries, tags.gpsStatus).startsWith("V")) return;
  const altitude = readRational(entries, tags.gpsAltitude);
  const isBelow = entries.get(tags.gpsAltitudeRef)?.some((byte) => byte !== 0) ?? false;
  Object.assign(metadata, coordinates, { altitude: altitude !== null && isBelow ? 0 - altitude : altitude });
}

/** Binary-coded decimals: zone, century, year, month in one entry, day, hour, minute, second in the other. */
function readCaptureTime(entries: Entries) {
  const [zone = 0, century = 0, year = 0, month = 0] = entries.get(tags.date) ?? [];
  const [day = 0, hour = 0, minute = 0, second = 0] = entries.get(tags.time) ?? [];
  const twoDigits = (byte: number) => byte.toString(16).padStart(2, "0");
  const text = `${twoDigits(century)}${twoDigits(year)}:${twoDigits(month)}:${twoDigits(day)} ${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(second)}`;
  return parseExifDate(text + formatOffset(zone));
}

/** Bit 7: unknown zone; bit 6: summer time; bit 5: negative; bits 4 to 1: hours; bit 0: half an hour. */
function formatOffset(zone: number): string {
  if ((zone & 0x80) !== 0) return "";
  const standardMinutes = ((zone >> 1) & 15) * 60 + (zone & 1) * 30;
  const minutes = ((zone & 0x20) !== 0 ? 0 - standardMinutes : standardMinutes) + ((zone & 0x40) !== 0 ? 60 : 0);
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  const magnitude = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(magnitude / 60))}:${twoDigits(magnitude % 60)}`;
}

function readText(entries: Entries, tag: number): string {
  const bytes = entries.get(tag);
  return bytes === undefined ? "" : asciiAt(bytes, 0, 4);
}

function readRational(entries: Entries, tag: number): number | null {
  const bytes = entries.get(tag);
  if (bytes === undefined) return null;
  const value = viewOf(bytes).getUint16(0) / viewOf(bytes).getUint16(2);
  return Number.isFinite(value) ? value : null;
}

function readDegrees(entries: Entries, tag: number, reference: string): number | null {
  const [whole = null, minutes = null, seconds = null] = [0, 1, 2].map((next) => readRational(entries, tag + next));
  if (whole === null) return null;
  const magnitude = whole + (minutes ?? 0) / 60 + (seconds ?? 0) / 3600;
  return /^[sw]/i.test(reference) ? 0 - magnitude : magnitude;
}
