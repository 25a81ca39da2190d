/** The parsed form of the metadata JSON columns. Unknown keys are dropped, missing ones are null. */
import { z } from "zod";

const wallTime = z.object({ wallUs: z.int(), offsetMinutes: z.int().nullable() }).nullable().default(null);
const text = z.string().nullable().default(null);
const number = z.number().nullable().default(null);

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
  city: text,
  state: text,
  country: text,
  countryCode: text,
  sublocation: text,
  placeName: text,
  timezone: text,
  description: text,
  fps: number,
  livePhotoCid: text,
  projectionType: text,
  profileDescription: text,
  autoStackId: text,
  rating: number,
});

export type Metadata = z.output<typeof metadataSchema>;

export function parseMetadata(column: unknown): Metadata {
  const parsed = metadataSchema.safeParse(column);
  return parsed.success ? parsed.data : metadataSchema.parse({});
}

/** What is known of nothing: every field null. */
export function emptyMetadata(): Metadata {
  return metadataSchema.parse({});
}
