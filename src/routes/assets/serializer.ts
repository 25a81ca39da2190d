/** Serializes assets: core fields, requested groups, then legacy keys. */
import { formatInstant, formatNullableInstant, formatWallTime, type WallTime } from "../../kernel/time.ts";
import type { Asset, ColumnGroup, FacedAsset, FileData, ListedAsset } from "../../operations/assets/assets.ts";
import type { AssetBody, ExifBody, IncludeGroup, MetadataBody } from "./schemas.ts";
import { includeGroups } from "./schemas.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import type { FaceBody } from "../faces/schemas.ts";
import { serializeFace } from "../faces/serializer.ts";
import type { PersonBody } from "../people/schemas.ts";
import { serializePerson } from "../people/serializer.ts";
import { serializeAssetUrls } from "./urlSerializer.ts";
import type { VariantBody } from "./variantSchemas.ts";

type Metadata = Asset["metadata"];

export type IncludedGroups = ReadonlySet<IncludeGroup>;

export const allGroups: IncludedGroups = new Set(includeGroups);

/** A whole asset, or one of a list, which has only the columns of the requested groups. */
export type SerializableAsset = FacedAsset | ListedAsset;

/** The columns that the groups are serialized from. */
export function columnGroupsOf(groups: IncludedGroups): Set<ColumnGroup> {
  const columns: ColumnGroup[] = [];
  if (groups.has("metadata") || groups.has("legacy")) columns.push("metadata");
  if (groups.has("metrics")) columns.push("metrics");
  if (groups.has("file_data") || groups.has("legacy")) columns.push("fileData");
  if (groups.has("faces")) columns.push("faces");
  if (groups.has("people")) columns.push("people");
  return new Set(columns);
}

/** Throws if a list was read without the columns of a group that it serializes. */
function required<T>(columns: T | null): T {
  if (columns === null) throw new Error("the asset was read without these columns");
  return columns;
}

function fileDataOf(asset: SerializableAsset): FileData {
  return "fileData" in asset ? required(asset.fileData) : asset;
}

function formatTime(time: WallTime | null): string | null {
  return time === null ? null : formatWallTime(time);
}

function cameraFields(m: Metadata) {
  return {
    make: m.make,
    model: m.model,
    orientation: m.orientation,
    modified_datetime: formatTime(m.modifiedDatetime),
    original_datetime: formatTime(m.originalDatetime),
    digitized_datetime: formatTime(m.digitizedDatetime),
    lens_model: m.lensModel,
    f_number: m.fNumber,
    focal_length: m.focalLength,
    iso: m.iso,
    exposure_time: m.exposureTime,
    exposure_bias: m.exposureBias,
    latitude: m.latitude,
    longitude: m.longitude,
    altitude: m.altitude,
    city: m.city,
    state: m.state,
    country: m.country,
    description: m.description,
    fps: m.fps,
    live_photo_cid: m.livePhotoCid,
    projection_type: m.projectionType,
    auto_stack_id: m.autoStackId,
    rating: m.rating,
  };
}

function rowTimes(asset: SerializableAsset) {
  return {
    asset_id: asset.id,
    created_at: formatInstant(asset.createdAt),
    updated_at: formatInstant(asset.metadataUpdatedAt),
  };
}

/** Joins the most specific place name, the city, and the state or country, without repetitions. */
export function displayLabel(m: Metadata): string | null {
  const first = m.placeName ?? m.sublocation ?? m.city ?? m.country;
  const parts = [first, m.city, m.state ?? m.country].filter((part) => part !== null);
  return parts.length === 0 ? null : [...new Set(parts)].join(", ");
}

function serializeMetadata(asset: SerializableAsset): MetadataBody {
  const m = required(asset.metadata);
  return {
    ...rowTimes(asset),
    ...cameraFields(m),
    raw_width: m.rawWidth,
    raw_height: m.rawHeight,
    country_code: m.countryCode,
    sublocation: m.sublocation,
    place_name: m.placeName,
    timezone: m.timezone,
    display_label: displayLabel(m),
  };
}

function serializeExif(asset: SerializableAsset): ExifBody {
  const m = required(asset.metadata);
  return { ...rowTimes(asset), ...cameraFields(m), profile_description: m.profileDescription };
}

/** V1 and V2 have these at the top level, where `file_size_bytes` is the size of the current version. */
function serializeFlatFileData(asset: SerializableAsset) {
  const file = fileDataOf(asset);
  return {
    device_asset_id: file.deviceAssetId,
    device_id: file.deviceId,
    file_created_at: file.fileCreatedAt,
    file_modified_at: file.fileModifiedAt,
    checksum: file.checksum,
    checksum_sha1: file.checksumSha1,
  };
}

function serializeFileData(asset: SerializableAsset) {
  return { ...serializeFlatFileData(asset), file_size_bytes: asset.fileSizeBytes };
}

function serializeCore(asset: SerializableAsset) {
  return {
    id: asset.id,
    mime_type: asset.mimeType,
    original_file_name: asset.originalFileName,
    local_datetime: formatWallTime({ wallUs: asset.localUs, offsetMinutes: asset.localOffsetMinutes }),
    created_at: formatInstant(asset.createdAt),
    updated_at: formatInstant(asset.updatedAt),
    trashed_at: formatNullableInstant(asset.trashedAt),
    kind: asset.kind,
    current_version_id: asset.currentVersionId,
    stack_id: asset.stackId,
    width: asset.width,
    height: asset.height,
    duration: asset.durationSeconds,
    file_size_bytes: asset.currentSizeBytes ?? asset.fileSizeBytes,
    quality_score: asset.qualityScore,
    description: asset.description,
    thumbhash: asset.thumbhash,
  };
}

/** V1 fields: flat file data, `exif`, and two of the URLs under their old names. */
async function serializeLegacyFields(
  asset: SerializableAsset,
  assetUrls: Record<string, VariantBody>,
  urls: MediaUrlBuilder,
) {
  const original = assetUrls["original"] ?? (await serializeAssetUrls(asset, true, urls))["original"];
  return {
    ...serializeFlatFileData(asset),
    exif: serializeExif(asset),
    download_url: original?.url ?? null,
    thumbnail_url: (assetUrls["thumbnail"] ?? assetUrls["thumbnail_image"])?.url ?? null,
  };
}

async function serializeFaces(asset: SerializableAsset, urls: MediaUrlBuilder, legacy: boolean): Promise<FaceBody[]> {
  return await Promise.all(required(asset.faces).map((face) => serializeFace(face, urls, { legacy })));
}

async function serializePeople(
  asset: SerializableAsset,
  urls: MediaUrlBuilder,
  legacy: boolean,
): Promise<PersonBody[]> {
  return await Promise.all(required(asset.people).map((person) => serializePerson(person, urls, { legacy })));
}

export async function serializeAsset(
  asset: SerializableAsset,
  groups: IncludedGroups,
  urls: MediaUrlBuilder,
): Promise<AssetBody> {
  const asset_urls = await serializeAssetUrls(asset, groups.has("variants"), urls);
  const legacy = groups.has("legacy");
  return {
    ...serializeCore(asset),
    asset_urls,
    metadata: groups.has("metadata") ? serializeMetadata(asset) : null,
    faces: groups.has("faces") ? await serializeFaces(asset, urls, legacy) : null,
    people: groups.has("people") ? await serializePeople(asset, urls, legacy) : null,
    metrics: groups.has("metrics") ? asset.metrics : null,
    file_data: groups.has("file_data") ? serializeFileData(asset) : null,
    ...(legacy ? await serializeLegacyFields(asset, asset_urls, urls) : {}),
  };
}
