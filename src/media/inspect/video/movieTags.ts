/** What the tags of a movie mean, whichever container and corner of it they come from. */
import { numberInText, tidyText } from "../metadata/normalize.ts";
import { parseExifDate, parseIsoDate } from "../metadata/wallTime.ts";
import { type Place, parseIso6709 } from "./mp4/iso6709.ts";
import type { VideoFindings } from "./videoInfo.ts";

/** Texts by the names that stand in the file: "com.apple.quicktime.make", "com.android.model", "\xa9xyz". Of several of one name the first that makes sense counts. */
export type MovieTags = Map<string, string[]>;

/** Converters leave the first part away. */
const apple = (name: string) => [`com.apple.quicktime.${name}`, name];

/** Apple's keys before Android's, before the older user data, as exiftool has it. */
const sources = {
  make: [...apple("make"), "com.android.manufacturer", "\xa9mak", "@mak", "manu"],
  model: [...apple("model"), "com.android.model", "\xa9mod", "@mod", "modl", "CNMN", "cmnm", "\xa9mdl"],
  lensModel: apple("camera.lens_model"),
  description: [...apple("description"), "\xa9des", "desc", "ldes", "dscp"],
  livePhotoCid: apple("content.identifier"),
};
const places = ["loci", ...apple("location.ISO6709"), "\xa9xyz", "@xyz"];
const dates = [...apple("creationdate"), "date", "IDIT", "\xa9day", "@day"];
const fields = ["make", "model", "lensModel", "description", "livePhotoCid"] as const;
const highestRating = 5;

const mostOfOneName = 8;

export function keepTag(tags: MovieTags, name: string, text: string | null): void {
  const texts = tags.get(name) ?? [];
  if (text !== null && texts.length < mostOfOneName) tags.set(name, [...texts, text]);
}

export function applyMovieTags(tags: MovieTags, facts: VideoFindings): void {
  const { metadata } = facts;
  for (const field of fields) metadata[field] ??= firstOf(tags, sources[field], tidyText);
  placeAt(firstOf(tags, places, parseIso6709), facts);
  const created = firstOf(tags, dates, (text) => parseIsoDate(text) ?? parseExifDate(text));
  metadata.originalDatetime ??= created;
  facts.captureTime ??= created;
  const rating = firstOf(tags, apple("rating.user"), numberInText);
  if (rating !== null && rating >= 0 && rating <= highestRating) metadata.rating = Math.round(rating);
}

export function placeAt(place: Place | null, { metadata }: VideoFindings): void {
  if (place === null || metadata.latitude !== null) return;
  metadata.latitude = place.latitude;
  metadata.longitude = place.longitude;
  metadata.altitude = place.altitude;
}

/** The first that is there and makes sense. */
function firstOf<T>(tags: MovieTags, names: readonly string[], read: (text: string) => T | null): T | null {
  for (const name of names) {
    for (const text of tags.get(name) ?? []) {
      const value = read(text);
      if (value !== null) return value;
    }
  }
  return null;
}
