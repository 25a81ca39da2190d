/** The row and tasks of a new asset, derived from its upload. */
import { cutToJsonBytes, MAX_CAPTION_BYTES, MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { formatWallTime, type WallTime } from "../../kernel/time.ts";
import type { MediaFormat } from "../../media/inspect/formats.ts";
import type { MediaInfo } from "../../media/inspect/mediaInfo.ts";
import { timeZoneAt } from "../../providers/places/timeZones.ts";
import type { NewAsset } from "../../records/assets/assets.ts";
import {
  emptyMetadata,
  ratingOf,
  serializeDerived,
  type FileMetadata,
} from "../../records/assets/metadata/metadata.ts";
import type { Library } from "../../records/libraries/libraries.ts";
import { captureTimeOf, fileTimeWithGps } from "../assets/captureTime.ts";
import { planTasks } from "../tasks/taskPlan.ts";
import type { ReceivedFile } from "./receivedFile.ts";

/** Form fields of an upload, apart from its library. */
export interface AssetFields {
  deviceAssetId: string;
  deviceId: string;
  /** Creation time according to the client, if known. */
  fileCreatedAt: WallTime | null;
  fileModifiedAt: WallTime | null;
}

/** Clients compare the text, and write UTC as `Z`. */
function formatFileTime(time: WallTime): string {
  return formatWallTime(time).replace(/\+00:00$/, "Z");
}

/** Cuts each text of the file to the size that a user may enter. */
function cutTexts(metadata: FileMetadata): FileMetadata {
  const cut = Object.entries(metadata).map(([field, value]): [string, unknown] => {
    if (typeof value !== "string") return [field, value];
    const text = cutToJsonBytes(value, field === "description" ? MAX_CAPTION_BYTES : MAX_NAME_BYTES);
    return [field, text === "" ? null : text];
  });
  return { ...metadata, ...Object.fromEntries(cut) };
}

/** Includes the effective capture time, which applies again after a user's value is removed. */
function fileMetadata(info: MediaInfo, { family }: MediaFormat): FileMetadata {
  const { metadata, rawWidth, rawHeight } = info;
  const fileTime = info.captureTime ?? metadata.originalDatetime;
  const captureTime = fileTimeWithGps(fileTime, info.gpsTimeUs, timeZoneOf(metadata));
  const isMisnamed = info.family !== null && info.family !== family;
  const content = isMisnamed ? { contentFamily: info.family } : {};
  return cutTexts({ ...emptyMetadata(), ...metadata, rawWidth, rawHeight, captureTime, ...content });
}

function timeZoneOf({ latitude, longitude }: Pick<FileMetadata, "latitude" | "longitude">): string | null {
  return latitude === null || longitude === null ? null : timeZoneAt(latitude, longitude);
}

/** A missing time takes the value of the other, else the time of the upload. */
function fileTimes({ fileCreatedAt, fileModifiedAt }: AssetFields, atMs: number) {
  const known = fileCreatedAt ?? fileModifiedAt ?? { wallUs: atMs * 1000, offsetMinutes: 0 };
  return { fileCreatedAt: known, fileModifiedAt: fileModifiedAt ?? known };
}

/** Builds the record that `insertAssetIfNew` stores. The capture time falls back to the client's creation time. */
export function newAsset(
  file: ReceivedFile,
  fields: AssetFields,
  info: MediaInfo,
  library: Pick<Library, "id" | "userId">,
  atMs: number,
): NewAsset {
  const metadata = fileMetadata(info, file.format);
  const timezone = timeZoneOf(metadata);
  const { fileCreatedAt, fileModifiedAt } = fileTimes(fields, atMs);
  const capture = captureTimeOf({
    mediaType: file.format.mediaType,
    user: null,
    file: metadata.captureTime ?? null,
    fileCreatedAt,
    timezone,
  });
  return {
    asset: {
      id: file.assetId,
      libraryId: library.id,
      userId: library.userId,
      checksum: file.stored.sha256,
      checksumSha1: file.stored.sha1,
      fileSizeBytes: file.stored.sizeBytes,
      mimeType: file.format.mimeType,
      mediaType: file.format.mediaType,
      originalFileName: file.name,
      deviceId: fields.deviceId,
      deviceAssetId: fields.deviceAssetId,
      fileCreatedAt: formatFileTime(fileCreatedAt),
      fileModifiedAt: formatFileTime(fileModifiedAt),
      localUs: capture.wallUs,
      localOffsetMinutes: capture.offsetMinutes,
      width: info.width,
      height: info.height,
      durationSeconds: info.durationSeconds,
      currentVersionId: file.versionId,
      latitude: metadata.latitude,
      longitude: metadata.longitude,
      rating: ratingOf({ file: metadata, user: { rating: null } }),
      metadata,
      derivedMetadata: serializeDerived({ timezone }),
      metadataUpdatedAt: atMs,
      createdAt: atMs,
      updatedAt: atMs,
    },
    parts: file.stored.parts,
    taskTypes: planTasks({
      mediaType: file.format.mediaType,
      mimeType: file.format.mimeType,
      family: info.family,
      sizeBytes: file.stored.sizeBytes,
      autoStackId: metadata.autoStackId,
      hasCoordinates: metadata.latitude !== null && metadata.longitude !== null,
    }),
    errorMessage: info.problem,
  };
}
