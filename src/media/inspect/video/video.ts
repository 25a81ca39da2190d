/** Reads a video by its container. */
import type { StillContent } from "../containers/imageContent.ts";
import type { MediaFamily } from "../formats.ts";
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import { readStillMetadata } from "../metadata/imageMetadata.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { readAvi } from "./avi/avi.ts";
import { readMatroska } from "./matroska/matroska.ts";
import { readMp4 } from "./mp4/mp4.ts";
import { readProgramStream } from "./mpeg/mpegPs.ts";
import { readTransportStream } from "./mpeg/mpegTs.ts";
import { type VideoFacts, type VideoFindings, type VideoReader, noFindings } from "./videoInfo.ts";

const readers: Partial<Record<MediaFamily, VideoReader>> = {
  mp4: readMp4,
  avi: readAvi,
  matroska: readMatroska,
  "mpeg-ts": readTransportStream,
  "mpeg-ps": readProgramStream,
};

/** No header that tells more than this is right. */
const longestSide = 2 ** 31 - 1;
const longestSeconds = 10 * 365 * 24 * 3600;
/** No clock of a camera that was ever set is outside of these years. */
const earliestCaptureUs = Date.UTC(1971, 0, 1) * 1000;
const latestCaptureUs = Date.UTC(2100, 0, 1) * 1000;

/** What could be read; of a broken file, what came before the break. */
export async function readVideo(source: ByteSource, family: MediaFamily): Promise<VideoFacts> {
  const facts = noFindings();
  try {
    await readers[family]?.(source, facts);
  } catch {
    // The file breaks off or contradicts itself there: what came before stands.
  }
  return credible(await withBlocks(facts));
}

/** What a camera wrote into EXIF or an editor into XMP, where the container itself says nothing of it. */
async function withBlocks({ blocks, writtenAt, ...facts }: VideoFindings): Promise<VideoFacts> {
  const hasBlocks = blocks.tiff.length + blocks.xmp.length > 0;
  const found = hasBlocks ? await metadataOf(blocks) : emptyMetadata();
  const metadata = merged(facts.metadata, found);
  return { ...facts, metadata, captureTime: facts.captureTime ?? metadata.originalDatetime ?? writtenAt };
}

async function metadataOf(blocks: StillContent): Promise<FileMetadata> {
  try {
    return (await readStillMetadata(blocks)).metadata;
  } catch {
    return emptyMetadata();
  }
}

/** A video is turned by its container, and a profile would be that of the small picture beside it. */
function merged(own: FileMetadata, found: FileMetadata): FileMetadata {
  const told = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
  const altitude = own.latitude === null ? found.altitude : own.altitude;
  return { ...found, ...told, altitude, orientation: null, profileDescription: null };
}

function credible(facts: VideoFacts): VideoFacts {
  const { width, height, durationSeconds, captureTime } = facts;
  const hasSize = [width, height].every((side) => side > 0 && side <= longestSide);
  const hasDuration = durationSeconds !== null && durationSeconds > 0 && durationSeconds < longestSeconds;
  const hasTime =
    captureTime !== null && captureTime.wallUs >= earliestCaptureUs && captureTime.wallUs < latestCaptureUs;
  return {
    ...facts,
    width: hasSize ? width : 0,
    height: hasSize ? height : 0,
    durationSeconds: hasDuration ? durationSeconds : null,
    captureTime: hasTime ? captureTime : null,
  };
}
