/** Reads the index of a Matroska file (Cues, RFC 9559 §5.1.5). */
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { type Element, elementsOf, unsignedOf } from "../../matroska/ebml.ts";
import type { Segment } from "../../matroska/segment.ts";

/** Indexes of some 50,000 key frames. */
export const MAX_CUES_BYTES = 1024 * 1024;

const ids = {
  cues: 0x1c53bb6b,
  point: 0xbb,
  positions: 0xb7,
  track: 0xf7,
  clusterPosition: 0xf1,
  relativePosition: 0xf0,
} as const;

export interface Cue {
  /** Offset of the cluster in the file. */
  clusterOffset: number;
  /** Offset of the block from the start of the cluster's content; null if the cue doesn't tell. */
  blockPosition: number | null;
}

function cueOf(bytes: Uint8Array, positions: Element, trackNumber: number, segmentOffset: number): Cue | null {
  const fields = new Map<number, number>();
  for (const field of elementsOf(bytes, positions.start, positions.end)) fields.set(field.id, unsignedOf(bytes, field));
  const position = fields.get(ids.clusterPosition);
  if (position === undefined || fields.get(ids.track) !== trackNumber) return null;
  return { clusterOffset: segmentOffset + position, blockPosition: fields.get(ids.relativePosition) ?? null };
}

/** Returns the cues of a track in the order of the file; none if the file has no index. */
export async function readCues(source: ByteSource, segment: Segment, trackNumber: number): Promise<Cue[]> {
  const element = await segment.find(ids.cues);
  if (element === undefined) return [];
  const bytes = await source.read(element.start, Math.min(element.end - element.start, MAX_CUES_BYTES));
  const cues: Cue[] = [];
  for (const point of elementsOf(bytes)) {
    if (point.id !== ids.point) continue;
    for (const positions of elementsOf(bytes, point.start, point.end)) {
      const cue = positions.id === ids.positions ? cueOf(bytes, positions, trackNumber, segment.start) : null;
      if (cue !== null && cue.clusterOffset < segment.end) cues.push(cue);
    }
  }
  return cues;
}
