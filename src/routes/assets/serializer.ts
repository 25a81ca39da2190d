/** The one serializer of assets: core always, the groups asked for, the legacy keys last. */
import { formatInstant, formatWallTime, type WallTime } from "../../kernel/time.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import type { AssetBody, ExifBody, Group, MetadataBody, VariantBody } from "./schemas.ts";
import { includeGroups } from "./schemas.ts";
import { assetUrls, type MediaLinks } from "./urlSerializer.ts";

export type Groups = ReadonlySet<Group>;

export const everyGroup: Groups = new Set(includeGroups);

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

/** The most telling place name, then the city, then state or country; none twice. */
export function displayLabel({ metadata: m }: Pick<Asset, "metadata">): string | null {
  const first = m.placeName ?? m.sublocation ?? m.city ?? m.country;
  const parts = [first, m.city, m.state ?? m.country].filter((part) => part !== null);
  return parts.length === 0 ? null : [...new Set(parts)].join(", ");
}

function metadataShape(asset: Asset): MetadataBody {
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

function exifShape(asset: Asset): ExifBody {
  return { ...rowTimes(asset), ...cameraFields(asset), profile_description: asset.metadata.profileDescription };
}

function fileDataShape(asset: Asset) {
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

function coreShape(asset: Asset) {
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

/** V1's names for two of the URLs. */
async function legacyShape(asset: Asset, urls: Record<string, VariantBody>, links: MediaLinks) {
  const original = urls["original"] ?? (await assetUrls(asset, true, links))["original"];
  return {
    ...fileDataShape(asset),
    exif: exifShape(asset),
    download_url: original?.url ?? null,
    thumbnail_url: (urls["thumbnail"] ?? urls["thumbnail_image"])?.url ?? null,
  };
}

export async function assetShape(asset: Asset, groups: Groups, links: MediaLinks): Promise<AssetBody> {
  const asset_urls = await assetUrls(asset, groups.has("variants"), links);
  return {
    ...coreShape(asset),
    asset_urls,
    metadata: groups.has("metadata") ? metadataShape(asset) : null,
    // Nobody has looked for faces yet, and none were drawn: the groups are there and empty.
    faces: groups.has("faces") ? [] : null,
    people: groups.has("people") ? [] : null,
    metrics: groups.has("metrics") ? asset.metrics : null,
    file_data: groups.has("file_data") ? fileDataShape(asset) : null,
    ...(groups.has("legacy") ? await legacyShape(asset, asset_urls, links) : {}),
  };
}
