/** The metadata JSON columns: three layers kept apart, and what shows of them. Unknown keys are dropped, missing ones are null. */
import { z } from "zod";

const wallClock = z.object({ wallUs: z.int(), offsetMinutes: z.int().nullable().default(null) });
const wallTime = wallClock.nullable().default(null);
const text = z.string().nullable().default(null);
const number = z.number().nullable().default(null);

/** What coordinates tell by themselves; a file may name its place too, in words. */
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
 * `captureTime` is what the file says of when it was taken, which for a video may be the creation date of its container:
 * the local time the upload had comes of it. Undefined in rows that were written before it was kept.
 */
const fileSchema = metadataSchema.extend({ captureTime: wallClock.nullable().optional() });
const userSchema = z.object({ description: text, latitude: number, longitude: number, originalDatetime: wallTime });
const derivedSchema = z.object(placeFields);

/** What shows: the user's value, else the file's, else the derived one. */
export type Metadata = z.output<typeof metadataSchema>;
export type FileLayer = z.output<typeof fileSchema>;
/** Null where the user has set nothing; an empty description is one that was set. */
export type UserLayer = z.output<typeof userSchema>;
export type DerivedLayer = z.output<typeof derivedSchema>;

export interface MetadataLayers {
  file: FileLayer;
  user: UserLayer;
  derived: DerivedLayer;
}

function parsed<T extends z.ZodType>(schema: T, column: unknown): z.output<T> {
  const result = schema.safeParse(column);
  return result.success ? result.data : schema.parse({});
}

export function parseLayers(columns: { file: unknown; user: unknown; derived: unknown }): MetadataLayers {
  return {
    file: parsed(fileSchema, columns.file),
    user: parsed(userSchema, columns.user),
    derived: parsed(derivedSchema, columns.derived),
  };
}

/** What is known of nothing: every field null. */
export function emptyMetadata(): Metadata {
  return metadataSchema.parse({});
}

/** As the column holds it: without what is not known, and in one order, so that equal places are equal texts. */
export function derivedColumn(known: Partial<DerivedLayer>): Partial<DerivedLayer> {
  const entries = Object.entries(derivedSchema.parse(known)).filter(([, value]) => value !== null);
  return Object.fromEntries(entries);
}

export interface Position {
  latitude: number;
  longitude: number;
}

function pair({ latitude, longitude }: { latitude: number | null; longitude: number | null }): Position | null {
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

/** Where it was taken, from one source alone: never one's latitude with the other's longitude. */
export function positionOf({ file, user }: Pick<MetadataLayers, "file" | "user">): Position | null {
  return pair(user) ?? pair(file);
}

export function isSamePosition(a: Position | null, b: Position | null): boolean {
  return a?.latitude === b?.latitude && a?.longitude === b?.longitude;
}

const nowhere = { ...derivedSchema.parse({}), altitude: null };

/** What the file says of its place; nothing once the user has said that it is another. */
function toldOfPlace(layers: MetadataLayers): DerivedLayer & { altitude: number | null } {
  return isSamePosition(positionOf(layers), pair(layers.file)) ? layers.file : nowhere;
}

export function effectiveMetadata(layers: MetadataLayers): Metadata {
  const { captureTime: _captureTime, ...file } = layers.file;
  const { user, derived } = layers;
  const told = toldOfPlace(layers);
  const position = positionOf(layers);
  return {
    ...file,
    description: user.description ?? file.description,
    originalDatetime: user.originalDatetime ?? file.originalDatetime,
    latitude: position?.latitude ?? null,
    longitude: position?.longitude ?? null,
    altitude: told.altitude,
    timezone: told.timezone ?? derived.timezone,
    city: told.city ?? derived.city,
    state: told.state ?? derived.state,
    country: told.country ?? derived.country,
    countryCode: told.countryCode ?? derived.countryCode,
    sublocation: told.sublocation ?? derived.sublocation,
    placeName: told.placeName ?? derived.placeName,
  };
}
