/** Reads MPEG transport streams (AVCHD camcorders, broadcasts) from the start and the end of the file only. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readMdpm } from "../vendor/mdpm.ts";
import { type Codec, readSequenceHeader } from "../codecs/sequenceHeader.ts";
import { medianFrameRate, secondsBetween, readTimestamp } from "./timestamps.ts";
import {
  type PacketLayout,
  detectPacketLayout,
  elementaryBytes,
  findProgramStream,
  packetsIn,
  startsElementaryPacket,
} from "./transportPackets.ts";
import type { VideoDraft } from "../videoInfo.ts";

const HEAD_BYTES = 256 * 1024;
/** The last frame starts in the first of these, unless it is very large. */
const TAIL_SIZES_BYTES = [256 * 1024, 1024 * 1024];
/** The sequence header comes first in the stream. */
const MAX_STREAM_BYTES = 128 * 1024;

const videoStreamTypes = new Map<number, Codec>([
  [0x01, "mpeg"],
  [0x02, "mpeg"],
  [0x80, "mpeg"],
  [0x1b, "h264"],
  [0x24, "h265"],
]);

/** Fills `draft` from the first sequence header, the timestamps and the camcorder's metadata. */
export async function readTransportStream(source: ByteSource, draft: VideoDraft): Promise<void> {
  const head = await source.read(0, HEAD_BYTES);
  const layout = detectPacketLayout(head);
  if (layout === null) return;
  const stream = findProgramStream(head, layout, (type) => videoStreamTypes.has(type));
  const codec = stream === null ? undefined : videoStreamTypes.get(stream.streamType);
  if (stream === null || codec === undefined) return;
  const { times, streamBytes } = collectStream(head, layout, stream.packetId);
  const header = readSequenceHeader(codec, streamBytes);
  draft.width = header?.width ?? 0;
  draft.height = header?.height ?? 0;
  draft.metadata.fps = header?.framesPerSecond ?? medianFrameRate(times);
  const last = await readLastTimestamps(source, layout, stream.packetId, times);
  draft.durationSeconds = secondsBetween(times.slice(0, 4), last, draft.metadata.fps);
  if (codec === "h264") readMdpm(streamBytes, draft);
}

async function readLastTimestamps(
  source: ByteSource,
  layout: PacketLayout,
  packetId: number,
  first: number[],
): Promise<number[]> {
  if (source.sizeBytes <= HEAD_BYTES) return first;
  for (const size of TAIL_SIZES_BYTES) {
    const tailOffset = Math.max(0, source.sizeBytes - layout.offset - size);
    const start = layout.offset + Math.ceil(tailOffset / layout.packetBytes) * layout.packetBytes;
    const tail = await source.read(start, source.sizeBytes - start);
    const { times } = collectStream(tail, { ...layout, offset: 0 }, packetId);
    if (times.length > 0) return times;
  }
  return [];
}

/** Collects the timestamps of one stream and the start of its bytes. */
function collectStream(
  packets: Uint8Array,
  layout: PacketLayout,
  streamPacketId: number,
): { times: number[]; streamBytes: Uint8Array } {
  const times: number[] = [];
  const bytes = new Uint8Array(Math.min(MAX_STREAM_BYTES, packets.length));
  let filled = 0;
  for (const packet of packetsIn(packets, layout)) {
    const { packetId, payload } = packet;
    if (packetId !== streamPacketId) continue;
    const hasTime = startsElementaryPacket(packet) && ((payload[7] ?? 0) & 0x80) !== 0;
    if (hasTime && payload.length >= 14) times.push(readTimestamp(payload, 9));
    const part = elementaryBytes(packet).subarray(0, bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
  }
  return { times, streamBytes: bytes.subarray(0, filled) };
}
