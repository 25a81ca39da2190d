/** Makes the orientation and height of a JPEG explicit for renderers, and removes its metadata. */
import { startsWith, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { findMarker, isFrame } from "../../inspect/containers/jpeg/jpeg.ts";
import { orientationSegment } from "../jpeg/jpegSegments.ts";
import { type BytePatch, insertion, removal, replacement } from "./bytePatches.ts";
import type { DisplayInfo } from "../../inspect/imageInfo.ts";

/** The number of segments that the metadata reader visits. */
const MAX_SEGMENTS = 400;
const SEGMENT_HEADER_BYTES = 20;
const START_BYTES = 2;

function hasNoBody(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** Application segments, except JFIF, the colour profile and Adobe's colour transform, which decoders need. */
function isRemoved(marker: number, body: Uint8Array): boolean {
  if (marker <= 0xe0 || marker > 0xef) return false;
  if (marker === 0xe2) return !startsWith(body, "ICC_PROFILE\0");
  return marker !== 0xee || !startsWith(body, "Adobe");
}

/** A height of 0 means that a segment after the scan has it, which libjpeg ignores. */
function heightPatch(at: number, frame: Uint8Array, { rawHeight }: DisplayInfo): BytePatch[] {
  if (rawHeight === null || frame.length < 7 || viewOf(frame).getUint16(5) !== 0) return [];
  return [replacement(at + 5, Uint8Array.of(rawHeight >> 8, rawHeight & 0xff))];
}

/** Replaces all EXIF by one segment at the start of the file with the orientation that the metadata reader found. */
export async function jpegPatches(source: ByteSource, facts: DisplayInfo): Promise<BytePatch[]> {
  const orientation = facts.orientation ?? 1;
  const patches = orientation > 1 ? [insertion(START_BYTES, orientationSegment(orientation))] : [];
  let expectedAt = START_BYTES;
  for (let i = 0; i < MAX_SEGMENTS; i++) {
    const at = await findMarker(source, expectedAt);
    if (at === null) break;
    // Junk between segments, which strict decoders reject.
    if (at > expectedAt) patches.push(removal(expectedAt, at - expectedAt));
    const head = await source.read(at, SEGMENT_HEADER_BYTES);
    const marker = head[1] ?? 0xd9;
    if (head.length < 4 || marker === 0xd9 || marker === 0xda) break;
    const length = hasNoBody(marker) ? 0 : viewOf(head).getUint16(2);
    if (isFrame(marker)) patches.push(...heightPatch(at, head, facts));
    if (length >= 2 && isRemoved(marker, head.subarray(4))) patches.push(removal(at, 2 + length));
    expectedAt = at + 2 + length;
  }
  return patches;
}
