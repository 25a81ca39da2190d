/** The asset in all generations of its shape, as documented and as answered. */
import { z } from "@hono/zod-openapi";

const instant = z.string().openapi({ format: "date-time", description: "UTC, with Z" });
const localTime = z.string().openapi({
  description: "Wall clock of the capture, with its UTC offset where known and without any otherwise",
  example: "2024-07-15T12:00:00-07:00",
});
const text = z.string().nullable();
const number = z.number().nullable();

export const variantSchema = z
  .object({
    url: z.string().openapi({ description: "Signed and stable; needs no credential, supports Range" }),
    mimetype: z.string(),
    width: z.int().nullable().openapi({ description: "Target width in pixels; null if unknown" }),
  })
  .openapi("AssetVariant");

export type VariantBody = z.input<typeof variantSchema>;

const variants = z.record(z.string(), variantSchema).nullable();

const cameraFields = {
  make: text,
  model: text,
  orientation: z.int().nullable().openapi({ description: "EXIF orientation, 1 to 8" }),
  modified_datetime: localTime.nullable(),
  original_datetime: localTime.nullable(),
  digitized_datetime: localTime.nullable(),
  lens_model: text,
  f_number: number,
  focal_length: number.openapi({ description: "Millimetres" }),
  iso: z.int().nullable(),
  exposure_time: number.openapi({ description: "Seconds" }),
  exposure_bias: number.openapi({ description: "EV" }),
  latitude: number.openapi({ description: "Decimal degrees" }),
  longitude: number.openapi({ description: "Decimal degrees" }),
  altitude: number.openapi({ description: "Metres" }),
  city: text,
  state: text,
  country: text,
  description: text,
  fps: number.openapi({ description: "Video frames a second" }),
  live_photo_cid: text.openapi({ description: "Apple's id that a Live Photo's still and video share" }),
  projection_type: text,
  auto_stack_id: text.openapi({ description: "The camera's burst id" }),
  rating: z.int().nullable(),
};

const rowTimes = { asset_id: z.string(), created_at: instant, updated_at: instant };

export const metadataSchema = z
  .object({
    ...rowTimes,
    ...cameraFields,
    raw_width: z.int().nullable().openapi({ description: "Encoded width before orientation; null for videos" }),
    raw_height: z.int().nullable(),
    country_code: text.openapi({ description: "ISO 3166-1 alpha-2" }),
    sublocation: text,
    place_name: text,
    timezone: text.openapi({ description: "IANA zone" }),
    display_label: text,
  })
  .openapi("Metadata");

/** V1's name for the metadata, with the one field that has no successor. */
export const exifSchema = z.object({ ...rowTimes, ...cameraFields, profile_description: text }).openapi("Exif");

export const fileDataSchema = z
  .object({
    device_asset_id: z.string(),
    device_id: z.string(),
    file_created_at: z.string(),
    file_modified_at: z.string(),
    checksum: z.string().openapi({ description: "SHA-256 of the uploaded bytes, base64" }),
    file_size_bytes: z.int(),
    checksum_sha1: z.string().nullable().openapi({ description: "SHA-1, base64" }),
  })
  .openapi("FileData");

const faceSchema = z
  .object({
    id: z.string(),
    asset_id: z.string(),
    person_id: z.string().nullable(),
    bounding_box: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
    timestamp_ms: z.int().nullable(),
    asset_urls: variants,
    confidence: number,
    source: z.enum(["automatic", "manual"]),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Face");

const personSchema = z
  .object({
    id: z.string(),
    name: text,
    birth_date: text,
    is_hidden: z.boolean(),
    is_favorite: z.boolean(),
    thumbnail_face_id: text,
    asset_count: z.int().nullable(),
    asset_urls: variants,
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Person");

const coreFields = {
  id: z.string().openapi({ example: "asset_BM3nUmJ6fkBqBADyz5FEiu" }),
  mime_type: z.string(),
  original_file_name: z.string(),
  local_datetime: localTime,
  created_at: instant,
  updated_at: instant,
  trashed_at: instant.nullable(),
  kind: z.string().openapi({ description: "Producer of the current rendering: original, edit, external:<service>" }),
  current_version_id: z.string(),
  stack_id: z.string().nullable(),
  width: z.int().openapi({ description: "Upright pixels; 0 while unknown" }),
  height: z.int(),
  duration: number.openapi({ description: "Seconds of video" }),
  description: text.openapi({ description: "Caption by a model; null until made, empty when the model declined" }),
  thumbhash: text.openapi({ description: "ThumbHash, base64; null until computed" }),
  asset_urls: variants,
};

/** What `include` adds; null where it was not asked for. */
const groupFields = {
  metadata: metadataSchema.nullable(),
  faces: z.array(faceSchema).nullable(),
  people: z.array(personSchema).nullable(),
  metrics: z.record(z.string(), number).nullable(),
  file_data: fileDataSchema.nullable(),
};

/** V1 and V2 keys: always on the routes of those documents, elsewhere with `include=legacy`. */
const legacyFields = {
  ...fileDataSchema.partial().shape,
  exif: exifSchema.nullable().optional(),
  download_url: z.string().nullable().optional(),
  thumbnail_url: z.string().nullable().optional(),
};

export const assetSchema = z.object({ ...coreFields, ...groupFields, ...legacyFields }).openapi("Asset");
export type AssetBody = z.input<typeof assetSchema>;
export type MetadataBody = z.input<typeof metadataSchema>;
export type ExifBody = z.input<typeof exifSchema>;

export const assetPageSchema = z.object({ data: z.array(assetSchema), has_more: z.boolean() }).openapi("AssetPage");

export const includeGroups = ["metadata", "faces", "people", "metrics", "file_data", "variants", "legacy"] as const;
export type Group = (typeof includeGroups)[number];
