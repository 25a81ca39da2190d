/**
 * The metadata JSON columns: three sources, and the effective values. Unknown keys are dropped, missing ones are null.
 */
import { z } from "zod";
import { cutToJsonBytes, MAX_GEOCODED_NAME_BYTES } from "../../kernel/textLimits.ts";

const wallClock = z.object({ wallUs: z.int(), offsetMinutes: z.int().nullable().default(null) });
const wallTime = wallClock.nullable().default(null);
const text = z.string().nullable().default(null);
const number = z.number().nullable().default(null);

/** Fields derived from coordinates. A file may contain them as text too. */
const placeFields = {
  timezone: text,
  city: text,
  state: text,
  country: text,
  countryCode: text,
  sublocation: text,
  placeName: text,
};

/** Units: exposureTime seconds, focalLength mm, exposureBias EV, altitude metres, coordinates decimal degrees. */
const metadataSchema = z.object({
  make: text,
  model: text,
  orientation: number,
  rawWidth: number,
  rawHeight: number,
  modifiedDatetime: wallTime,
  originalDatetime: wallTime,
  digitizedDatetime: wallTime,
  lensModel: text,
  fNumber: number,
  focalLength: number,
  iso: number,
  exposureTime: number,
  exposureBias: number,
  latitude: number,
  longitude: number,
  altitude: number,
  ...placeFields,
  description: text,
  fps: number,
  livePhotoCid: text,
  projectionType: text,
  profileDescription: text,
  autoStackId: text,
  rating: number,
});

/**
 * `captureTime` is the file's capture time, for a video possibly its container's creation date. The upload's local time
 * is computed from it. Undefined in rows written before the key existed. `contentFamily` is the format of the bytes
 * where it differs from that of the file name.
 */
const fileSchema = metadataSchema.extend({
  captureTime: wallClock.nullable().optional(),
  contentFamily: z.string().nullable().optional(),
});
const userSchema = z.object({ description: text, latitude: number, longitude: number, originalDatetime: wallTime });
const derivedSchema = z.object(placeFields);

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
] as const satisfies (keyof z.output<typeof metadataSchema>)[];

/** Effective values: the user's, else the file's, else the derived one. */
export type Metadata = z.output<typeof metadataSchema>;
export type FileMetadata = z.output<typeof fileSchema>;
/** Fields that the user left unset are null; an empty description is set. */
export type UserMetadata = z.output<typeof userSchema>;
export type DerivedMetadata = z.output<typeof derivedSchema>;

export interface MetadataSources {
  file: FileMetadata;
  user: UserMetadata;
  derived: DerivedMetadata;
}

function parsed<T extends z.ZodType>(schema: T, column: unknown): z.output<T> {
  const result = schema.safeParse(column);
  return result.success ? result.data : schema.parse({});
}

export function parseMetadataSources(columns: { file: unknown; user: unknown; derived: unknown }): MetadataSources {
  return {
    file: parsed(fileSchema, columns.file),
    user: parsed(userSchema, columns.user),
    derived: parsed(derivedSchema, columns.derived),
  };
}

/** Metadata with every field null. */
export function emptyMetadata(): Metadata {
  return metadataSchema.parse({});
}

/** The value of the column: bounded, without nulls and in a fixed key order, so that equal places are equal texts. */
export function serializeDerived(fields: Partial<DerivedMetadata>): Partial<DerivedMetadata> {
  const entries = Object.entries(derivedSchema.parse(fields)).flatMap(([field, value]): [string, string][] =>
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

const noPlace = { ...derivedSchema.parse({}), altitude: null };

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
