/** Plans metadata updates from an asset's metadata sources, without I/O. */
import { parseDateTime, type WallTime } from "../../kernel/time.ts";
import { timeZoneAt } from "../../providers/places/timeZones.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { MetadataUpdate } from "../../records/assets/metadata/metadataUpdates.ts";
import {
  serializeDerived,
  isSamePosition,
  positionOf,
  ratingOf,
  type DerivedMetadata,
  type Position,
  type UserMetadata,
} from "../../records/assets/metadata/metadata.ts";
import { captureTimeOf, isSameTime } from "./captureTime.ts";

/** Absent fields are kept; null clears the user's value, and the file's value shows again. */
export interface MetadataPatch {
  description?: string | null;
  position?: Position | null;
  originalDatetime?: WallTime | null;
  /** 0 to 5. 0 hides the file's rating. */
  rating?: number | null;
}

/** Returns the user fields whose values the patch changes. */
function changedFields(user: UserMetadata, patch: MetadataPatch): Partial<UserMetadata> {
  const { description = user.description, originalDatetime = user.originalDatetime, rating = user.rating } = patch;
  const position = patch.position === undefined ? user : patch.position;
  const { latitude, longitude } = position ?? { latitude: null, longitude: null };
  return {
    ...(description === user.description ? {} : { description }),
    ...(latitude === user.latitude && longitude === user.longitude ? {} : { latitude, longitude }),
    ...(isSameTime(originalDatetime, user.originalDatetime) ? {} : { originalDatetime }),
    ...(rating === user.rating ? {} : { rating }),
  };
}

/** Uploads always contain a creation time; other rows fall back to the time of their insertion. */
function fileCreatedAt(asset: Asset): WallTime {
  return parseDateTime(asset.fileCreatedAt) ?? { wallUs: asset.createdAt * 1000, offsetMinutes: 0 };
}

/**
 * Returns the capture time from the file. Rows without that column have it only in their local time, unless a user set
 * one; for videos the local time can be the only source.
 */
function fileCaptureTime({ sources, localUs, localOffsetMinutes }: Asset, createdAt: WallTime): WallTime | null {
  const { file, user } = sources;
  if (file.captureTime !== undefined) return file.captureTime;
  const local = { wallUs: localUs, offsetMinutes: localOffsetMinutes };
  return user.originalDatetime !== null || isSameTime(local, createdAt) ? file.originalDatetime : local;
}

/** Recomputes the capture time; `local` is null if it is unchanged. */
function captureTimeChange(
  asset: Asset,
  user: WallTime | null,
  timezone: string | null,
): Pick<MetadataUpdate, "captureTime" | "local"> {
  const createdAt = fileCreatedAt(asset);
  const captureTime = fileCaptureTime(asset, createdAt);
  const local = captureTimeOf({
    mediaType: asset.mediaType,
    user,
    file: captureTime,
    fileCreatedAt: createdAt,
    timezone,
  });
  const captureTimeChanged = !isSameTime(local, { wallUs: asset.localUs, offsetMinutes: asset.localOffsetMinutes });
  return {
    ...(asset.sources.file.captureTime === undefined ? { captureTime } : {}),
    local: captureTimeChanged ? local : null,
  };
}

/** Plans the update that a patch makes to an asset. Returns null for a patch without changes. */
export function planUpdate(asset: Asset, patch: MetadataPatch): MetadataUpdate | null {
  const { file, user, derived } = asset.sources;
  const changed = changedFields(user, patch);
  const next = { ...user, ...changed };
  if (Object.keys(changed).length === 0) return null;
  const rating = ratingOf({ file, user: next });
  const before = positionOf(asset.sources);
  const position = positionOf({ file, user: next });
  const positionChanged = !isSamePosition(before, position);
  if (!positionChanged && changed.originalDatetime === undefined) {
    return { asset, user: changed, rating, position: null, derived: null, local: null };
  }
  const timezone = positionChanged ? position && timeZoneAt(position.latitude, position.longitude) : derived.timezone;
  const { latitude, longitude } = position ?? { latitude: null, longitude: null };
  return {
    asset,
    user: changed,
    rating,
    position: positionChanged ? { latitude, longitude } : null,
    derived: positionChanged ? serializeDerived({ timezone }) : null,
    ...captureTimeChange(asset, next.originalDatetime, timezone),
  };
}

/**
 * Plans storing the geocoded place of an asset's position. Its time zone replaces the one derived from coordinates
 * alone, because the country decides near borders. Returns null if all values are up to date.
 */
export function planGeocodeUpdate(asset: Asset, place: Partial<DerivedMetadata>): MetadataUpdate | null {
  const { derived, user } = asset.sources;
  const next = serializeDerived(place);
  const timeChange = captureTimeChange(asset, user.originalDatetime, next.timezone ?? null);
  if (JSON.stringify(next) === JSON.stringify(serializeDerived(derived)) && timeChange.local === null) return null;
  return { asset, user: {}, rating: ratingOf(asset.sources), position: null, derived: next, ...timeChange };
}
