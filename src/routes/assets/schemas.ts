/** The asset response in every schema generation (V1 to V4). */
import { z } from "@hono/zod-openapi";
import { MAX_RATING } from "../../kernel/rating.ts";
import { faceSchema } from "../faces/schemas.ts";
import { idFieldSchema, instantFieldSchema as instant } from "../fieldSchemas.ts";
import { personSchema } from "../people/schemas.ts";
import { variantsSchema } from "./variantSchemas.ts";

const localTime = z.string().openapi({
  description: "Wall-clock time of the capture, with the UTC offset if known",
  example: "2024-07-15T12:00:00-07:00",
});
const text = z.string().nullable();
const number = z.number().nullable();

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
  fps: number.openapi({ description: "Video frames per second" }),
  live_photo_cid: text.openapi({
    description: "Apple content identifier shared by the photo and the video of a Live Photo",
  }),
  projection_type: text,
  auto_stack_id: text.openapi({ description: "Burst id written by the camera" }),
  rating: z.int().min(0).max(MAX_RATING).nullable().openapi({
    description: "Stars, the user's or else the file's; 5 is a favourite. 0 is unrated, null if there is none",
  }),
};

const rowTimes = { asset_id: idFieldSchema("asset"), created_at: instant, updated_at: instant };

export const metadataSchema = z
  .object({
    ...rowTimes,
    ...cameraFields,
    raw_width: z.int().nullable().openapi({ description: "Encoded width before EXIF orientation; null for videos" }),
    raw_height: z.int().nullable(),
    country_code: text.openapi({ description: "ISO 3166-1 alpha-2" }),
    sublocation: text,
    place_name: text,
    timezone: text.openapi({ description: "IANA time zone" }),
    display_label: text,
  })
  .openapi("Metadata");

/** V1 name of the metadata, with `profile_description`, which later generations dropped. */
export const exifSchema = z.object({ ...rowTimes, ...cameraFields, profile_description: text }).openapi("Exif");

export const fileDataSchema = z
  .object({
    device_asset_id: z.string(),
    device_id: z.string(),
    file_created_at: z.string(),
    file_modified_at: z.string(),
    checksum: z.string().openapi({ description: "Base64-encoded SHA-256 of the uploaded bytes" }),
    file_size_bytes: z.int().openapi({ description: "Size of the uploaded file" }),
    checksum_sha1: z.string().nullable().openapi({ description: "Base64-encoded SHA-1 of the uploaded bytes" }),
  })
  .openapi("FileData");

const coreFields = {
  id: idFieldSchema("asset"),
  mime_type: z.string(),
  original_file_name: z.string(),
  local_datetime: localTime,
  created_at: instant,
  updated_at: instant,
  trashed_at: instant.nullable(),
  kind: z.string().openapi({ description: "Kind of the current version: original, edit or external:<service>" }),
  current_version_id: idFieldSchema("assetVersion"),
  stack_id: idFieldSchema("stack").nullable(),
  width: z.int().openapi({ description: "Pixels after EXIF orientation; 0 if unknown" }),
  height: z.int(),
  duration: number.openapi({ description: "Duration of a video in seconds" }),
  file_size_bytes: z.int().openapi({ description: "Size of the current version, which `asset_urls.original` serves" }),
  quality_score: z.number().min(0).max(1).nullable().openapi({
    description:
      "Photographic quality from 0 (worst) to 1 (best), from focus, noise, exposure, tones and clipping. It does not depend on the library or on who is pictured. Null until computed",
  }),
  description: text.openapi({ description: "AI-generated caption; null until generated, empty if the model declined" }),
  thumbhash: text.openapi({ description: "Base64-encoded ThumbHash; null until computed" }),
  asset_urls: variantsSchema,
};

/** Groups added by `include`; null unless requested. */
const groupFields = {
  metadata: metadataSchema.nullable(),
  faces: z.array(faceSchema).nullable(),
  people: z.array(personSchema).nullable(),
  metrics: z.record(z.string(), number).nullable(),
  file_data: fileDataSchema.nullable(),
};

/** V1 and V2 keys: always present on the routes of those generations, elsewhere with `include=legacy`. */
const legacyFields = {
  ...fileDataSchema.omit({ file_size_bytes: true }).partial().shape,
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
export type IncludeGroup = (typeof includeGroups)[number];
