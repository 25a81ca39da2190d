/** Dispatches to the reader of the video's container. */
import type { ImageContent } from "../containers/imageContent.ts";
import type { MediaFamily } from "../formats.ts";
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import { readImageMetadata } from "../metadata/imageMetadata.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { inspectionBudget } from "../bytes/inspectionBudget.ts";
import { readAsf } from "./asf.ts";
import { readAvi } from "./avi/avi.ts";
import { readMatroska } from "./matroska/matroska.ts";
import { readMp4 } from "./mp4/mp4.ts";
import { readProgramStream } from "./mpeg/mpegPs.ts";
import { readTransportStream } from "./mpeg/mpegTs.ts";
import { type VideoInfo, type VideoDraft, type VideoReader, emptyVideoDraft } from "./videoInfo.ts";

const readers: Partial<Record<MediaFamily, VideoReader>> = {
  mp4: readMp4,
  avi: readAvi,
  matroska: readMatroska,
  "mpeg-ts": readTransportStream,
  "mpeg-ps": readProgramStream,
  asf: readAsf,
};

/** Larger values come from damaged headers. */
const MAX_SIDE_PX = 2 ** 31 - 1;
const MAX_DURATION_SECONDS = 10 * 365 * 24 * 3600;
/** Times outside these years come from unset clocks. */
const MIN_CAPTURE_TIME_US = Date.UTC(1971, 0, 1) * 1000;
const MAX_CAPTURE_TIME_US = Date.UTC(2100, 0, 1) * 1000;

/** Reads a video. A damaged file yields the values that precede the damage. Never throws for damaged files. */
export async function readVideo(
  source: ByteSource,
  family: MediaFamily,
  budget = inspectionBudget(),
): Promise<VideoInfo> {
  const draft = emptyVideoDraft(budget);
  try {
    await readers[family]?.(source, draft);
  } catch {
    // Values read before the damage are kept.
  }
  return dropImplausibleValues(await addBlockMetadata(draft));
}

/** Adds EXIF and XMP values that the container lacks. */
async function addBlockMetadata({ blocks, createdAt, ...draft }: VideoDraft): Promise<VideoInfo> {
  const hasBlocks = blocks.exif.length + blocks.xmp.length > 0;
  const embedded = hasBlocks ? await readBlocks(blocks) : emptyMetadata();
  const metadata = mergeMetadata(draft.metadata, embedded);
  return { ...draft, metadata, captureTime: draft.captureTime ?? metadata.originalDatetime ?? createdAt };
}

async function readBlocks(blocks: ImageContent): Promise<FileMetadata> {
  try {
    return (await readImageMetadata(blocks)).metadata;
  } catch {
    return emptyMetadata();
  }
}

/** Orientation comes from the container; the profile would be that of an embedded thumbnail. */
function mergeMetadata(container: FileMetadata, embedded: FileMetadata): FileMetadata {
  const present = Object.fromEntries(Object.entries(container).filter(([, value]) => value !== null));
  const altitude = container.latitude === null ? embedded.altitude : container.altitude;
  return { ...embedded, ...present, altitude, orientation: null, profileDescription: null };
}

function dropImplausibleValues(info: VideoInfo): VideoInfo {
  const { width, height, durationSeconds, captureTime } = info;
  const hasSize = [width, height].every((side) => side > 0 && side <= MAX_SIDE_PX);
  const hasDuration = durationSeconds !== null && durationSeconds > 0 && durationSeconds < MAX_DURATION_SECONDS;
  const hasTime =
    captureTime !== null && captureTime.wallUs >= MIN_CAPTURE_TIME_US && captureTime.wallUs < MAX_CAPTURE_TIME_US;
  return {
    ...info,
    width: hasSize ? width : 0,
    height: hasSize ? height : 0,
    durationSeconds: hasDuration ? durationSeconds : null,
    captureTime: hasTime ? captureTime : null,
  };
}
