/** The tags of a QuickTime or MP4 movie: Apple's keys, and the older user data. */
import { type Box, boxesIn, findBox } from "../boxes.ts";
import { decodeText, viewOf } from "../bytes.ts";
import { type Position, position } from "../metadata/gps.ts";
import { tidyText } from "../metadata/tidy.ts";
import type { ByteSource } from "../source.ts";
import { parseIsoDate } from "../wallTime.ts";
import type { VideoFacts } from "./videoFacts.ts";

const longestTagBytes = 4096;
const mostKeys = 256;

type Tags = Map<string, string>;

/** `holders` are the boxes of the movie, then those of its track: the first to name a tag wins. */
export async function readMovieTags(source: ByteSource, holders: Box[][], facts: VideoFacts): Promise<void> {
  const tags: Tags = new Map();
  for (const boxes of holders) {
    const meta = findBox(boxes, "meta");
    if (meta !== undefined) await readKeys(source, meta, tags);
    const udta = findBox(boxes, "udta");
    if (udta !== undefined) await readUserData(source, udta, tags, facts);
  }
  applyTags(tags, facts);
}

/** `keys` names them, `ilst` numbers its values by their place in `keys`. */
async function readKeys(source: ByteSource, meta: Box, tags: Tags): Promise<void> {
  // QuickTime's `meta` holds boxes at once; MP4's has version and flags, which are zero, in front.
  const isFull = viewOf(await source.read(meta.start, 4)).getUint32(0) === 0;
  const boxes = await boxesIn(source, meta.start + (isFull ? 4 : 0), meta.end);
  const keys = findBox(boxes, "keys");
  const values = findBox(boxes, "ilst");
  if (keys === undefined || values === undefined) return;
  // Each key is laid out like a box: size, "mdta", name.
  const names = await boxesIn(source, keys.start + 8, keys.end, mostKeys);
  for (const value of await boxesIn(source, values.start, values.end, mostKeys)) {
    const number = viewOf(await source.read(value.start - 4, 4)).getUint32(0);
    const key = names[number - 1];
    const data = findBox(await boxesIn(source, value.start, value.end, 4), "data");
    if (key === undefined || data === undefined) continue;
    const text = await textIn(source, data.start + 8, data.end);
    const name = await textIn(source, key.start, key.end);
    if (text !== null && name !== null && !tags.has(name)) tags.set(name, text);
  }
}

async function textIn(source: ByteSource, start: number, end: number): Promise<string | null> {
  if (end - start > longestTagBytes) return null;
  return tidyText(decodeText(await source.read(start, end - start)));
}

/** "©xyz" and its kin: a length, a language, the text. */
async function readUserData(source: ByteSource, udta: Box, tags: Tags, facts: VideoFacts): Promise<void> {
  for (const box of await boxesIn(source, udta.start, udta.end)) {
    if (box.type.startsWith("\xa9") && box.end - box.start > 4) {
      const length = viewOf(await source.read(box.start, 2)).getUint16(0);
      const text = await textIn(source, box.start + 4, Math.min(box.start + 4 + length, box.end));
      if (text !== null && !tags.has(box.type)) tags.set(box.type, text);
    } else if (box.type === "loci") {
      applyPosition(await readLoci(source, box), facts);
    }
  }
}

/** 3GPP's location: version, language, a name that ends in NUL, a role, then longitude, latitude, altitude in 16.16. */
async function readLoci(source: ByteSource, box: Box): Promise<(Position & { altitude: number }) | null> {
  const bytes = await source.read(box.start, Math.min(box.end - box.start, longestTagBytes));
  const nameEnd = bytes.indexOf(0, 6);
  if (nameEnd < 0 || nameEnd + 14 > bytes.length) return null;
  const view = viewOf(bytes);
  const fixed = (at: number) => view.getInt32(at) / 65536;
  const found = position(fixed(nameEnd + 6), fixed(nameEnd + 2));
  return found && { ...found, altitude: fixed(nameEnd + 10) };
}

function applyTags(tags: Tags, facts: VideoFacts): void {
  const first = (...names: string[]) => {
    for (const name of names) {
      const text = tags.get(name);
      if (text !== undefined) return text;
    }
    return null;
  };
  const { metadata } = facts;
  metadata.make = first("com.apple.quicktime.make", "com.android.manufacturer", "\xa9mak");
  metadata.model = first("com.apple.quicktime.model", "com.android.model", "\xa9mod");
  metadata.lensModel = first("com.apple.quicktime.camera.lens_model");
  metadata.description = first("com.apple.quicktime.description", "\xa9des");
  metadata.livePhotoCid = first("com.apple.quicktime.content.identifier");
  applyPosition(parseIso6709(first("com.apple.quicktime.location.ISO6709", "\xa9xyz") ?? ""), facts);
  const created = parseIsoDate(first("com.apple.quicktime.creationdate", "\xa9day") ?? "");
  if (created === null) return;
  metadata.originalDatetime = created;
  facts.captureTime = created;
}

function applyPosition(found: (Position & { altitude: number | null }) | null, facts: VideoFacts): void {
  if (found === null) return;
  facts.metadata.latitude = found.latitude;
  facts.metadata.longitude = found.longitude;
  facts.metadata.altitude = found.altitude;
}

/** "+49.1989+016.6071+222.469/": degrees, or degrees and minutes, or those and seconds, told apart by their digits. */
export function parseIso6709(text: string): (Position & { altitude: number | null }) | null {
  const match = /^([+-]\d{2,6}(?:\.\d+)?)([+-]\d{3,7}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?/.exec(text);
  if (match === null) return null;
  const found = position(iso6709Degrees(match[1] ?? "", 2), iso6709Degrees(match[2] ?? "", 3));
  return found && { ...found, altitude: match[3] === undefined ? null : Number(match[3]) };
}

function iso6709Degrees(text: string, degreeDigits: number): number | null {
  const [whole = "", fraction = "0"] = text.slice(1).split(".");
  const lastUnit = (digits: string) => Number(`${digits}.${fraction}`);
  const degrees = whole.slice(0, degreeDigits);
  const minutes = whole.slice(degreeDigits, degreeDigits + 2);
  const seconds = whole.slice(degreeDigits + 2);
  const size =
    minutes === ""
      ? lastUnit(degrees)
      : seconds === ""
        ? Number(degrees) + lastUnit(minutes) / 60
        : Number(degrees) + Number(minutes) / 60 + lastUnit(seconds) / 3600;
  return Number.isFinite(size) ? (text.startsWith("-") ? 0 - size : size) : null;
}
