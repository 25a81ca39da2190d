/** What follows from a change of an asset's metadata, worked out from its layers. Asks no one and writes nothing. */
import { parseDateTime, type WallTime } from "../../kernel/time.ts";
import { zoneAt } from "../../providers/places/timeZones/timeZones.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { AssetEdit } from "../../records/assets/metadataUpdates.ts";
import {
  derivedColumn,
  isSamePosition,
  positionOf,
  type DerivedLayer,
  type Position,
  type UserLayer,
} from "../../records/assets/metadata.ts";
import { captureTimeOf, isSameTime } from "./captureTime.ts";

/** Absent: as it is. Null: the user's value goes, and the file's shows again. */
export interface AssetChange {
  description?: string | null;
  position?: Position | null;
  originalDatetime?: WallTime | null;
}

/** The fields of the user's layer that the change makes others than they are. */
function newsFor(user: UserLayer, change: AssetChange): Partial<UserLayer> {
  const { description = user.description, originalDatetime = user.originalDatetime } = change;
  const position = change.position === undefined ? user : change.position;
  const { latitude, longitude } = position ?? { latitude: null, longitude: null };
  return {
    ...(description === user.description ? {} : { description }),
    ...(latitude === user.latitude && longitude === user.longitude ? {} : { latitude, longitude }),
    ...(isSameTime(originalDatetime, user.originalDatetime) ? {} : { originalDatetime }),
  };
}

/** Uploads have had to say it, so the row's own age is for what no upload wrote. */
function fileCreatedAt(asset: Asset): WallTime {
  return parseDateTime(asset.fileCreatedAt) ?? { wallUs: asset.createdAt * 1000, offsetMinutes: 0 };
}

/**
 * What the file says of when it was taken. Rows of before it was kept have it in their local time for as long as no user
 * has set one; a video's may be in no other place.
 */
function toldCaptureTime({ layers, localUs, localOffsetMinutes }: Asset, made: WallTime): WallTime | null {
  const { file, user } = layers;
  if (file.captureTime !== undefined) return file.captureTime;
  const local = { wallUs: localUs, offsetMinutes: localOffsetMinutes };
  return user.originalDatetime !== null || isSameTime(local, made) ? file.originalDatetime : local;
}

/** The local time, where it is another than before. */
function retiming(
  asset: Asset,
  user: WallTime | null,
  timezone: string | null,
): Pick<AssetEdit, "captureTime" | "local"> {
  const made = fileCreatedAt(asset);
  const captureTime = toldCaptureTime(asset, made);
  const local = captureTimeOf({ mediaType: asset.mediaType, user, file: captureTime, fileCreatedAt: made, timezone });
  const isRetimed = !isSameTime(local, { wallUs: asset.localUs, offsetMinutes: asset.localOffsetMinutes });
  return {
    ...(asset.layers.file.captureTime === undefined ? { captureTime } : {}),
    local: isRetimed ? local : null,
  };
}

/** Null where the change makes nothing other than it is. */
export function editOf(asset: Asset, change: AssetChange): AssetEdit | null {
  const { file, user, derived } = asset.layers;
  const news = newsFor(user, change);
  const next = { ...user, ...news };
  if (Object.keys(news).length === 0) return null;
  const before = positionOf(asset.layers);
  const position = positionOf({ file, user: next });
  const isMoved = !isSamePosition(before, position);
  if (!isMoved && news.originalDatetime === undefined) {
    return { asset, user: news, position: null, derived: null, local: null };
  }
  const timezone = isMoved ? position && zoneAt(position.latitude, position.longitude) : derived.timezone;
  const { latitude, longitude } = position ?? { latitude: null, longitude: null };
  return {
    asset,
    user: news,
    position: isMoved ? { latitude, longitude } : null,
    derived: isMoved ? derivedColumn({ timezone }) : null,
    ...retiming(asset, next.originalDatetime, timezone),
  };
}

/** What was found of the place where it is: its names, and the zone, which whoever knows the country knows better. */
export function placingOf(asset: Asset, found: Partial<DerivedLayer>): AssetEdit | null {
  const { derived, user } = asset.layers;
  const next = derivedColumn(found);
  const times = retiming(asset, user.originalDatetime, next.timezone ?? null);
  if (JSON.stringify(next) === JSON.stringify(derivedColumn(derived)) && times.local === null) return null;
  return { asset, user: {}, position: null, derived: next, ...times };
}
