import { type ImageContent, emptyContent } from "../containers/imageContent.ts";
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import type { InspectionBudget } from "../bytes/inspectionBudget.ts";
import type { WallTime } from "../metadata/wallTime.ts";

export interface VideoInfo {
  /** Displayed size with rotation applied; 0 if unknown. */
  width: number;
  height: number;
  durationSeconds: number | null;
  captureTime: WallTime | null;
  metadata: FileMetadata;
}

/** Readers fill this in step by step, so that a damaged file keeps the values that precede the damage. */
export interface VideoDraft extends VideoInfo {
  /** UTC creation time of the container, often that of a converter: the last fallback for the capture time. */
  createdAt: WallTime | null;
  /** EXIF and XMP blocks, parsed last for fields that are still empty. */
  blocks: ImageContent;
}

/** Fills `draft`; may throw for a damaged file. */
export type VideoReader = (source: ByteSource, draft: VideoDraft) => Promise<void>;

/** Returns a draft without any values. */
export function emptyVideoDraft(budget?: InspectionBudget): VideoDraft {
  return {
    width: 0,
    height: 0,
    durationSeconds: null,
    captureTime: null,
    createdAt: null,
    metadata: emptyMetadata(),
    blocks: emptyContent(budget),
  };
}

/** Higher rates come from damaged headers. */
const MAX_FRAMES_PER_SECOND = 10_000;

/** Returns frames per second; null for a division by zero and implausible rates. */
export function frameRate(frames: number, seconds: number): number | null {
  const rate = frames / seconds;
  return Number.isFinite(rate) && rate > 0 && rate < MAX_FRAMES_PER_SECOND ? rate : null;
}

/** 24000/1001, 30000/1001 and their multiples. */
const ntscFrameRates = [24, 30, 60, 120].map((rate) => (rate * 1000) / 1001);
/** Integers come first: a few frames are too short to distinguish 30 from 29.97. */
const standardFrameRates = [
  ...Array.from({ length: 60 }, (_, i) => i + 1),
  12.5,
  90,
  100,
  120,
  144,
  240,
  ...ntscFrameRates,
];

/** Returns the standard frame rate that matches timestamps rounded to coarse ticks, else the measured rate. */
export function frameRateFromTicks(frames: number, ticks: number, secondsPerTick: number): number | null {
  const measured = frameRate(frames, ticks * secondsPerTick);
  const min = frames / ((ticks + 1) * secondsPerTick);
  const max = frames / ((ticks - 1) * secondsPerTick);
  return measured && (standardFrameRates.find((rate) => rate > min && rate < max) ?? measured);
}
