/**
 * The metadata JSON columns: three sources, and the effective values. Unknown keys are dropped, missing ones are null.
 */
import { cutToJsonBytes, MAX_GEOCODED_NAME_BYTES } from "../../../kernel/textLimits.ts";
import { MAX_RATING } from "../../../kernel/rating.ts";
import type { WallTime } from "../../../kernel/time.ts";
import { fieldReader, isJsonObject, readText, readTime, type FieldValues } from "./metadataFields.ts";

/** Fields derived from coordinates. A file may contain them as text too. */
const placeFields = {
  timezone: "text",
  city: "text",
  state: "text",
  country: "text",
  countryCode: "text",
  sublocation: "text",
  placeName: "text",
} as const;

/** Units: exposureTime seconds, focalLength mm, exposureBias EV, altitude metres, coordinates decimal degrees. */
const metadataFields = {
  make: "text",
  model: "text",
  orientation: "number",
  rawWidth: "number",
  rawHeight: "number",
  modifiedDatetime: "time",
  originalDatetime: "time",
  digitizedDatetime: "time",
  lensModel: "text",
  fNumber: "number",
  focalLength: "number",
  iso: "number",
  exposureTime: "number",
  exposureBias: "number",
  latitude: "number",
  longitude: "number",
  altitude: "number",
  ...placeFields,
  description: "text",
  fps: "number",
  livePhotoCid: "text",
  projectionType: "text",
  profileDescription: "text",
  autoStackId: "text",
  rating: "number",
} as const;

const userFields = {
  description: "text",
  latitude: "number",
  longitude: "number",
  originalDatetime: "time",
  rating: "number",
} as const;

const readMetadata = fieldReader(metadataFields);
const readUser = fieldReader(userFields);
const readDerived = fieldReader(placeFields);

/** Texts of the file, independent of updates of time and position. */
export const fileTextFields = [
  "make",
  "model",
  "lensModel",
  "city",
  "state",
  "country",
  "sublocation",
  "placeName",
  "description",
  "livePhotoCid",
  "projectionType",
  "profileDescription",
  "autoStackId",
] as const satisfies (keyof typeof metadataFields)[];

/** Effective values: the user's, else the file's, else the derived one. */
export type Metadata = FieldValues<typeof metadataFields>;

export interface FileMetadata extends Metadata {
  /**
   * The file's capture time, for a video possibly its container's creation date. The upload's local time is computed
   * from it. Undefined in rows written before the key existed.
   */
  captureTime?: WallTime | null | undefined;
  /** The format of the bytes where it differs from that of the file name. */
  contentFamily?: string | null | undefined;
}

/** Fields that the user left unset are null; an empty description is set. */
export type UserMetadata = FieldValues<typeof userFields>;
export type DerivedMetadata = FieldValues<typeof placeFields>;

export interface MetadataSources {
  file: FileMetadata;
  user: UserMetadata;
  derived: DerivedMetadata;
}

function readFile(column: unknown): FileMetadata {
  const file: FileMetadata = readMetadata(column);
  if (!isJsonObject(column)) return file;
  if (column["captureTime"] !== undefined) file.captureTime = readTime(column["captureTime"]);
  if (column["contentFamily"] !== undefined) file.contentFamily = readText(column["contentFamily"]);
  return file;
}

/** Reads the three columns. Values of another type than their field's are null. */
export function parseMetadataSources(columns: { file: unknown; user: unknown; derived: unknown }): MetadataSources {
  return { file: readFile(columns.file), user: readUser(columns.user), derived: readDerived(columns.derived) };
}

/** Metadata with every field null. */
export function emptyMetadata(): Metadata {
  return readMetadata({});
}

/** The value of the column: bounded, without nulls and in a fixed key order, so that equal places are equal texts. */
export function serializeDerived(fields: Partial<DerivedMetadata>): Partial<DerivedMetadata> {
  const entries = Object.entries(readDerived(fields)).flatMap(([field, value]): [string, string][] =>
    value === null ? [] : [[field, cutToJsonBytes(value, MAX_GEOCODED_NAME_BYTES)]],
  );
  return Object.fromEntries(entries);
}

export interface Position {
  latitude: number;
  longitude: number;
}

function pair({ latitude, longitude }: { latitude: number | null; longitude: number | null }): Position | null {
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

/** Returns the position from a single source, so that latitude and longitude always belong together. */
export function positionOf({ file, user }: Pick<MetadataSources, "file" | "user">): Position | null {
  return pair(user) ?? pair(file);
}

export function isSamePosition(a: Position | null, b: Position | null): boolean {
  return a?.latitude === b?.latitude && a?.longitude === b?.longitude;
}

function isRating(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_RATING;
}

/**
 * The effective rating, 0 to 5, or null without one. The user's 0 hides the file's rating. A file's rating outside of
 * the scale counts as 0: some programs write -1 for a rejected photo.
 */
export function ratingOf({
  file,
  user,
}: {
  file: Pick<Metadata, "rating">;
  user: Pick<UserMetadata, "rating">;
}): number | null {
  const rating = user.rating ?? file.rating;
  return rating === null || isRating(rating) ? rating : 0;
}

const noPlace = { ...readDerived({}), altitude: null };

/** The file's place fields; all null once the user has set another position. */
function filePlace(sources: MetadataSources): DerivedMetadata & { altitude: number | null } {
  return isSamePosition(positionOf(sources), pair(sources.file)) ? sources.file : noPlace;
}

export function effectiveMetadata(sources: MetadataSources): Metadata {
  const { captureTime: _captureTime, contentFamily: _contentFamily, ...file } = sources.file;
  const { user, derived } = sources;
  const place = filePlace(sources);
  const position = positionOf(sources);
  return {
    ...file,
    description: user.description ?? file.description,
    originalDatetime: user.originalDatetime ?? file.originalDatetime,
    rating: ratingOf(sources),
    latitude: position?.latitude ?? null,
    longitude: position?.longitude ?? null,
    altitude: place.altitude,
    timezone: place.timezone ?? derived.timezone,
    city: place.city ?? derived.city,
    state: place.state ?? derived.state,
    country: place.country ?? derived.country,
    countryCode: place.countryCode ?? derived.countryCode,
    sublocation: place.sublocation ?? derived.sublocation,
    placeName: place.placeName ?? derived.placeName,
  };
}
