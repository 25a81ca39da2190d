/** What a reader of one video container finds. */
import { type StillContent, emptyContent } from "../containers/imageContent.ts";
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import type { WallTime } from "../metadata/wallTime.ts";

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

/** Television's. */
const slowedPaces = [24, 30, 60, 120].map((pace) => (pace * 1000) / 1001);
/** Of two that a few pictures can't tell apart the whole one is meant. */
const usualPaces = [...Array.from({ length: 60 }, (_, i) => i + 1), 12.5, 90, 100, 120, 144, 240, ...slowedPaces];

/** The pace of pictures whose times are told in ticks too coarse for it: the usual one that makes these, where there is one. */
export function paceByTicks(frames: number, ticks: number, secondsPerTick: number): number | null {
  const measured = frameRate(frames, ticks * secondsPerTick);
  const slowest = frames / ((ticks + 1) * secondsPerTick);
  const fastest = frames / ((ticks - 1) * secondsPerTick);
  return measured && (usualPaces.find((pace) => pace > slowest && pace < fastest) ?? measured);
}
