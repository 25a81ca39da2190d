/** Reads MPEG program streams (MPG, VOB) and raw MPEG video. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Codec, readSequenceHeader } from "../codecs/sequenceHeader.ts";
import { isVideoStream, skipBufferFields } from "./programPackets.ts";
import { medianFrameRate, secondsBetween, readTimestamp } from "./timestamps.ts";
import type { VideoDraft } from "../videoInfo.ts";

const HEAD_BYTES = 256 * 1024;
const TAIL_SIZES_BYTES = [256 * 1024, 1024 * 1024];

/** Fills `draft` from the first sequence header and from the first and last timestamps. */
export async function readProgramStream(source: ByteSource, draft: VideoDraft): Promise<void> {
  const head = await source.read(0, HEAD_BYTES);
  const codec: Codec = "mpeg";
  const header = readSequenceHeader(codec, head) ?? readSequenceHeader("h264", head);
  const first = videoTimestamps(head);
  draft.width = header?.width ?? 0;
  draft.height = header?.height ?? 0;
  draft.metadata.fps = header?.framesPerSecond ?? medianFrameRate(first);
  const last = await readLastTimestamps(source, first);
  draft.durationSeconds = secondsBetween(first.slice(0, 4), last, draft.metadata.fps);
}

async function readLastTimestamps(source: ByteSource, first: number[]): Promise<number[]> {
  if (source.sizeBytes <= HEAD_BYTES) return first;
  for (const size of TAIL_SIZES_BYTES) {
    const start = Math.max(0, source.sizeBytes - size);
    const times = videoTimestamps(await source.read(start, source.sizeBytes - start));
    if (times.length > 0) return times;
  }
  return [];
}

/** Collects the PTS of video packets. Skips start codes emulated in the payload, which lack a valid PTS. */
function videoTimestamps(bytes: Uint8Array): number[] {
  const times: number[] = [];
  for (let at = bytes.indexOf(1, 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    const stream = bytes[at + 1] ?? 0;
    if (bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue;
    if (!isVideoStream(stream)) continue;
    const time = packetTimestamp(bytes, at + 4);
    if (time !== null) times.push(time);
  }
  return times;
}

function packetTimestamp(bytes: Uint8Array, start: number): number | null {
  if (((bytes[start] ?? 0) & 0xc0) === 0x80) {
    return ((bytes[start + 1] ?? 0) & 0x80) === 0 ? null : timestampWithMarkers(bytes, start + 3);
  }
  const at = skipBufferFields(bytes, start);
  return ((bytes[at] ?? 0) & 0xe0) === 0x20 ? timestampWithMarkers(bytes, at) : null;
}

/** Each part of a PTS ends with a marker bit. */
function timestampWithMarkers(bytes: Uint8Array, at: number): number | null {
  const hasMarkers = [0, 2, 4].every((part) => ((bytes[at + part] ?? 0) & 1) === 1);
  return hasMarkers ? readTimestamp(bytes, at) : null;
}
