/** What a reader of one video container finds. */
import { type StillContent, emptyContent } from "../containers/stillContent.ts";
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import type { ByteSource } from "../source.ts";
import type { WallTime } from "../wallTime.ts";

export interface VideoFacts {
  /** As displayed, rotation applied; 0 where unknown. */
  width: number;
  height: number;
  durationSeconds: number | null;
  captureTime: WallTime | null;
  metadata: FileMetadata;
}

/** What a reader fills in as it goes, so that what a broken file had before its break is kept. */
export interface VideoFindings extends VideoFacts {
  /** The clock of the container, which counts in UTC and is often that of a converter: for want of a capture time. */
  writtenAt: WallTime | null;
  /** EXIF and XMP blocks, as photos have them: read last, for what nothing else told. */
  blocks: StillContent;
}

/** May throw. */
export type VideoReader = (source: ByteSource, facts: VideoFindings) => Promise<void>;

export function noFindings(): VideoFindings {
  return {
    width: 0,
    height: 0,
    durationSeconds: null,
    captureTime: null,
    writtenAt: null,
    metadata: emptyMetadata(),
    blocks: emptyContent(),
  };
}

/** Faster than this is a broken header. */
const mostFramesPerSecond = 10_000;

/** Null for a division by zero and other nonsense. */
export function frameRate(frames: number, seconds: number): number | null {
  const rate = frames / seconds;
  return Number.isFinite(rate) && rate > 0 && rate < mostFramesPerSecond ? rate : null;
}
