/** What a reader of one video container finds. */
import { type FileMetadata, emptyMetadata } from "../metadata/fileMetadata.ts";
import type { WallTime } from "../wallTime.ts";

export interface VideoFacts {
  /** As displayed, rotation applied; 0 where unknown. */
  width: number;
  height: number;
  durationSeconds: number | null;
  captureTime: WallTime | null;
  metadata: FileMetadata;
}

export function emptyVideoFacts(): VideoFacts {
  return { width: 0, height: 0, durationSeconds: null, captureTime: null, metadata: emptyMetadata() };
}
