/** Maps the tags of all containers to metadata fields. */
import { parseNumber, normalizeText } from "../metadata/normalize.ts";
import { parseExifDate, parseIsoDate } from "../metadata/wallTime.ts";
import { type Coordinates, parseIso6709 } from "../location/iso6709.ts";
import type { VideoDraft } from "./videoInfo.ts";

/**
 * Tag texts by their name in the file: "com.apple.quicktime.make", "com.android.model", "\xa9xyz". The first text that
 * can be parsed counts.
 */
export type MovieTags = Map<string, string[]>;

/** Converters drop the "com.apple.quicktime." prefix. */
const appleNames = (name: string) => [`com.apple.quicktime.${name}`, name];

/** In order of precedence, as in exiftool: Apple's keys, Android's keys, user data. */
const tagNames = {
  make: [...appleNames("make"), "com.android.manufacturer", "\xa9mak", "@mak", "manu"],
  model: [...appleNames("model"), "com.android.model", "\xa9mod", "@mod", "modl", "CNMN", "cmnm", "\xa9mdl"],
  lensModel: appleNames("camera.lens_model"),
  description: [...appleNames("description"), "\xa9des", "desc", "ldes", "dscp"],
  livePhotoCid: appleNames("content.identifier"),
};
const locationTags = ["loci", ...appleNames("location.ISO6709"), "\xa9xyz", "@xyz"];
const dateTags = [...appleNames("creationdate"), "date", "IDIT", "\xa9day", "@day"];
const fields = ["make", "model", "lensModel", "description", "livePhotoCid"] as const;
const MAX_RATING = 5;

const MAX_VALUES_PER_TAG = 8;

/** Appends a text to the tag `name`; null and texts over the limit are ignored. */
export function addTag(tags: MovieTags, name: string, text: string | null): void {
  const texts = tags.get(name) ?? [];
  if (text !== null && texts.length < MAX_VALUES_PER_TAG) tags.set(name, [...texts, text]);
}

/** Fills metadata fields and the capture time where `draft` lacks them. */
export function applyMovieTags(tags: MovieTags, draft: VideoDraft): void {
  const { metadata } = draft;
  for (const field of fields) metadata[field] ??= firstParsed(tags, tagNames[field], normalizeText);
  applyCoordinates(firstParsed(tags, locationTags, parseIso6709), draft);
  const created = firstParsed(tags, dateTags, (text) => parseIsoDate(text) ?? parseExifDate(text));
  metadata.originalDatetime ??= created;
  draft.captureTime ??= created;
  const rating = firstParsed(tags, appleNames("rating.user"), parseNumber);
  if (rating !== null && rating >= 0 && rating <= MAX_RATING) metadata.rating = Math.round(rating);
}

/** Sets the location unless `draft` has one. */
export function applyCoordinates(coordinates: Coordinates | null, { metadata }: VideoDraft): void {
  if (coordinates === null || metadata.latitude !== null) return;
  metadata.latitude = coordinates.latitude;
  metadata.longitude = coordinates.longitude;
  metadata.altitude = coordinates.altitude;
}

/** Returns the first value that `read` accepts, in order of `names`. */
function firstParsed<T>(tags: MovieTags, names: readonly string[], read: (text: string) => T | null): T | null {
  for (const name of names) {
    for (const text of tags.get(name) ?? []) {
      const value = read(text);
      if (value !== null) return value;
    }
  }
  return null;
}
