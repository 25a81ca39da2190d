import { boundedSource } from "./bytes/boundedSource.ts";
import { type InspectionBudget, inspectionBudget } from "./bytes/inspectionBudget.ts";
import type { MediaFamily, MediaFormat } from "./formats.ts";
import { type FileMetadata, emptyMetadata } from "./metadata/fileMetadata.ts";
import { sniff, SNIFF_BYTES } from "./sniff.ts";
import type { ByteSource } from "./bytes/byteSource.ts";
import { readImageInfo } from "./imageInfo.ts";
import { readVideo } from "./video/video.ts";
import type { WallTime } from "./metadata/wallTime.ts";

export interface MediaInfo {
  /** Detected from the bytes; null if unknown. */
  family: MediaFamily | null;
  /** Displayed size in pixels, after orientation and rotation; 0 if unknown. */
  width: number;
  height: number;
  /** Encoded size in pixels; null if unknown, and for videos. */
  rawWidth: number | null;
  rawHeight: number | null;
  durationSeconds: number | null;
  /** The original date of an image, the creation date of a video. */
  captureTime: WallTime | null;
  /** GPS date and time of an image: microseconds since 1970 UTC. */
  gpsTimeUs: number | null;
  metadata: FileMetadata;
  /** The reason that reading the content failed; null on success. */
  problem: string | null;
}

/** The sample photos need one to three reads and at most 150 KB; files with many unrelated blocks need more. */
export const MAX_INSPECTION_READ_BYTES = 4 * 1024 * 1024;

/**
 * Reads dimensions, duration and metadata of a file by its content, in at most 4 MiB of reads and 8 MiB of work
 * (`InspectionBudget`). When the budget ends, what was read so far stays and the rest is null. Never throws: a failure
 * is described in `problem`, where `format`, the format of the file name, is mentioned.
 */
export async function readMediaInfo(
  source: ByteSource,
  format: MediaFormat,
  budget = inspectionBudget(),
): Promise<MediaInfo> {
  try {
    return await readByFamily(boundedSource(source, MAX_INSPECTION_READ_BYTES, budget), format, budget);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unreadable(`the ${format.extension} file could not be read: ${reason}`.slice(0, 500));
  }
}

async function readByFamily(source: ByteSource, format: MediaFormat, budget: InspectionBudget): Promise<MediaInfo> {
  const head = await source.read(0, SNIFF_BYTES);
  if (head.length === 0) return unreadable("the file is empty");
  const family = sniff(head);
  if (family === null)
    return unreadable(`not a ${format.extension} file: it begins with ${toHex(head.subarray(0, 12))}`);
  const image = await readImageInfo(source, family, budget);
  if (image !== null) {
    return {
      family,
      ...image,
      durationSeconds: null,
      problem: image.width === 0 ? `no image dimensions found: the ${family} file is corrupt or truncated` : null,
    };
  }
  const video = await readVideo(source, family, budget);
  return {
    family,
    ...video,
    gpsTimeUs: null,
    rawWidth: null,
    rawHeight: null,
    problem:
      video.width === 0 ? `no video dimensions found: the ${family} file has no video track or is truncated` : null,
  };
}

function unreadable(problem: string): MediaInfo {
  return {
    family: null,
    width: 0,
    height: 0,
    rawWidth: null,
    rawHeight: null,
    durationSeconds: null,
    captureTime: null,
    gpsTimeUs: null,
    metadata: emptyMetadata(),
    problem,
  };
}

/** Keeps control characters out of log messages. */
function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
