/** Searches an elementary stream that a file carries in packets for a key frame, from a place of the file on. */
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { concat } from "../../../bytes/bytes.ts";
import type { KeyFrameSample } from "../keyFrameTrack.ts";
import { MAX_PLACE_SEARCH_BYTES } from "../searchedPlaces.ts";
import { findPictureEnd, newPictureSearch, type StreamCodec } from "./pictureFinder.ts";

/** Reads grow from the first size to the last. */
const FIRST_READ_BYTES = 128 * 1024;
const MAX_READ_BYTES = 1024 * 1024;
/** A packet of a program stream has 64 KB at most. */
const MAX_REST_BYTES = 72 * 1024;

/** Parts of the elementary stream in a piece of the file, and the number of bytes that they were taken from. */
export interface DemuxedBytes {
  parts: Uint8Array[];
  usedBytes: number;
}

export interface CarriedStream {
  codec: StreamCodec;
  /** Takes the stream out of a piece of the file. What it doesn't use is in front of the next piece. */
  demux: (bytes: Uint8Array) => DemuxedBytes;
}

/**
 * Reads the first key frame from an offset on. Returns null if none starts in `MAX_PLACE_SEARCH_BYTES` of the file,
 * "too-large" if one has more than `maxBytes`.
 */
export async function readPicture(
  file: ByteSource,
  offset: number,
  { codec, demux }: CarriedStream,
  maxBytes: number,
): Promise<KeyFrameSample> {
  let stream: Uint8Array = new Uint8Array();
  let rest: Uint8Array = new Uint8Array();
  let readBytes = FIRST_READ_BYTES;
  const search = newPictureSearch();
  for (let at = offset; ; readBytes = Math.min(readBytes * 2, MAX_READ_BYTES)) {
    const read = await file.read(at, readBytes);
    at += read.length;
    const piece = concat([rest, read]);
    const { parts, usedBytes } = demux(piece);
    rest = piece.subarray(Math.max(usedBytes, piece.length - MAX_REST_BYTES));
    stream = concat([stream, ...parts]);
    const isEnd = read.length < readBytes;
    const end = findPictureEnd(search, stream, codec, isEnd);
    const { start, hasPicture, from } = search;
    if (hasPicture && start !== null && (end ?? stream.length) - start > maxBytes) return "too-large";
    if (start !== null && end !== null) return stream.subarray(start, end);
    const isSearched = search.unitsLeft === 0 || (!hasPicture && at - offset >= MAX_PLACE_SEARCH_BYTES);
    if (isEnd || isSearched) return null;
    const keepFrom = start ?? from;
    stream = stream.subarray(keepFrom);
    search.start = start === null ? null : 0;
    search.from = from - keepFrom;
  }
}
