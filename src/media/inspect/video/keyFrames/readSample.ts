import type { ByteRange, ByteSource } from "../../bytes/byteSource.ts";
import type { KeyFrameSample } from "./keyFrameTrack.ts";

/** Reads a frame that is stored in one piece. */
export async function readSample(file: ByteSource, range: ByteRange | null, maxBytes: number): Promise<KeyFrameSample> {
  if (range === null || range.offset + range.length > file.sizeBytes) return null;
  if (range.length > maxBytes) return "too-large";
  const sample = await file.read(range.offset, range.length);
  return sample.length === range.length && sample.length > 0 ? sample : null;
}
