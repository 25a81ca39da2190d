/** Serializes assets: core fields, requested groups, then legacy keys. */
import { formatInstant, formatWallTime, type WallTime } from "../../kernel/time.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import type { AssetBody, ExifBody, IncludeGroup, MetadataBody, VariantBody } from "./schemas.ts";
import { includeGroups } from "./schemas.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { serializeAssetUrls } from "./urlSerializer.ts";

export type IncludedGroups = ReadonlySet<IncludeGroup>;

export const allGroups: IncludedGroups = new Set(includeGroups);

function formatTime(time: WallTime | null): string | null {
  return time === null ? null : formatWallTime(time);
}

function cameraFields({ metadata: m }: Asset) {
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

function rowTimes(asset: Asset) {
  return {
    asset_id: asset.id,
    created_at: formatInstant(asset.createdAt),
    updated_at: formatInstant(asset.metadataUpdatedAt),
  };
}

/** Joins the most specific place name, the city, and the state or country, without repetitions. */
export function displayLabel({ metadata: m }: Pick<Asset, "metadata">): string | null {
  const first = m.placeName ?? m.sublocation ?? m.city ?? m.country;
  const parts = [first, m.city, m.state ?? m.country].filter((part) => part !== null);
  return parts.length === 0 ? null : [...new Set(parts)].join(", ");
}

function serializeMetadata(asset: Asset): MetadataBody {
  const { metadata: m } = asset;
  return {
    ...rowTimes(asset),
    ...cameraFields(asset),
    raw_width: m.rawWidth,
    raw_height: m.rawHeight,
    country_code: m.countryCode,
    sublocation: m.sublocation,
    place_name: m.placeName,
    timezone: m.timezone,
    display_label: displayLabel(asset),
  };
}

function serializeExif(asset: Asset): ExifBody {
  return { ...rowTimes(asset), ...cameraFields(asset), profile_description: asset.metadata.profileDescription };
}

function serializeFileData(asset: Asset) {
  return {
    device_asset_id: asset.deviceAssetId,
    device_id: asset.deviceId,
    file_created_at: asset.fileCreatedAt,
    file_modified_at: asset.fileModifiedAt,
    checksum: asset.checksum,
    file_size_bytes: asset.fileSizeBytes,
    checksum_sha1: asset.checksumSha1,
  };
}

function serializeCore(asset: Asset) {
  return {
    id: asset.id,
    mime_type: asset.mimeType,
    original_file_name: asset.originalFileName,
    local_datetime: formatWallTime({ wallUs: asset.localUs, offsetMinutes: asset.localOffsetMinutes }),
    created_at: formatInstant(asset.createdAt),
    updated_at: formatInstant(asset.updatedAt),
    trashed_at: asset.trashedAt === null ? null : formatInstant(asset.trashedAt),
    kind: asset.kind,
    current_version_id: asset.currentVersionId,
    stack_id: asset.stackId,
    width: asset.width,
    height: asset.height,
    duration: asset.durationSeconds,
    description: asset.description,
    thumbhash: asset.thumbhash,
  };
}

/** V1 fields: flat file data, `exif`, and two of the URLs under their old names. */
async function serializeLegacyFields(asset: Asset, assetUrls: Record<string, VariantBody>, urls: MediaUrlBuilder) {
  const original = assetUrls["original"] ?? (await serializeAssetUrls(asset, true, urls))["original"];
  return {
    ...serializeFileData(asset),
    exif: serializeExif(asset),
    download_url: original?.url ?? null,
    thumbnail_url: (assetUrls["thumbnail"] ?? assetUrls["thumbnail_image"])?.url ?? null,
  };
}

export async function serializeAsset(asset: Asset, groups: IncludedGroups, urls: MediaUrlBuilder): Promise<AssetBody> {
  const asset_urls = await serializeAssetUrls(asset, groups.has("variants"), urls);
  return {
    ...serializeCore(asset),
    asset_urls,
    metadata: groups.has("metadata") ? serializeMetadata(asset) : null,
    // Face detection doesn't exist yet, so these groups are always empty.
    faces: groups.has("faces") ? [] : null,
    people: groups.has("people") ? [] : null,
    metrics: groups.has("metrics") ? asset.metrics : null,
    file_data: groups.has("file_data") ? serializeFileData(asset) : null,
    ...(groups.has("legacy") ? await serializeLegacyFields(asset, asset_urls, urls) : {}),
  };
}
