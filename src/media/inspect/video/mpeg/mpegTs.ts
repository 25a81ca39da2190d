/** Reads MPEG transport streams (AVCHD camcorders, broadcasts) from the start and the end of the file only. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readMdpm } from "../vendor/mdpm.ts";
import { type Codec, readSequenceHeader } from "../codecs/sequenceHeader.ts";
import { medianFrameRate, secondsBetween, readTimestamp } from "./timestamps.ts";
import { type PacketLayout, detectPacketLayout, packetsIn } from "./transportPackets.ts";
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

interface Stream {
  packetId: number;
  codec: Codec;
}

/** Fills `draft` from the first sequence header, the timestamps and the camcorder's metadata. */
export async function readTransportStream(source: ByteSource, draft: VideoDraft): Promise<void> {
  const head = await source.read(0, HEAD_BYTES);
  const layout = detectPacketLayout(head);
  if (layout === null) return;
  const stream = findVideoStream(head, layout);
  if (stream === null) return;
  const { times, streamBytes } = collectStream(head, layout, stream.packetId);
  const header = readSequenceHeader(stream.codec, streamBytes);
  draft.width = header?.width ?? 0;
  draft.height = header?.height ?? 0;
  draft.metadata.fps = header?.framesPerSecond ?? medianFrameRate(times);
  const last = await readLastTimestamps(source, layout, stream.packetId, times);
  draft.durationSeconds = secondsBetween(times.slice(0, 4), last, draft.metadata.fps);
  if (stream.codec === "h264") readMdpm(streamBytes, draft);
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

/** Returns the table in a payload: a pointer field precedes it, a 4-byte CRC ends it. */
function tableSection(payload: Uint8Array): Uint8Array {
  const table = payload.subarray(1 + (payload[0] ?? 0));
  const length = 3 + (((table[1] ?? 0) & 15) << 8) + (table[2] ?? 0);
  return table.subarray(0, Math.max(0, Math.min(length, table.length) - 4));
}

/** Finds the first video stream in the map of the first program. */
function findVideoStream(head: Uint8Array, layout: PacketLayout): Stream | null {
  let tableId: number | null = null;
  for (const { packetId, isStart, payload } of packetsIn(head, layout)) {
    if (!isStart) continue;
    if (packetId === 0 && tableId === null) {
      const table = tableSection(payload);
      for (let at = 8; at + 4 <= table.length && tableId === null; at += 4) {
        const program = ((table[at] ?? 0) << 8) | (table[at + 1] ?? 0);
        if (program !== 0) tableId = packetIdAt(table, at + 2);
      }
    } else if (packetId === tableId) {
      const stream = videoStreamOf(tableSection(payload));
      if (stream !== null) return stream;
    }
  }
  return null;
}

function videoStreamOf(table: Uint8Array): Stream | null {
  let at = 12 + (packetIdAt(table, 10) & 0xfff);
  while (at + 5 <= table.length) {
    const codec = videoStreamTypes.get(table[at] ?? 0);
    if (codec !== undefined) return { packetId: packetIdAt(table, at + 1), codec };
    at += 5 + (packetIdAt(table, at + 3) & 0xfff);
  }
  return null;
}

function packetIdAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) & 0x1f) << 8) | (bytes[at + 1] ?? 0);
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
  for (const { packetId, isStart, payload } of packetsIn(packets, layout)) {
    if (packetId !== streamPacketId) continue;
    let from = 0;
    if (isStart && payload[0] === 0 && payload[1] === 0 && payload[2] === 1) {
      if (((payload[7] ?? 0) & 0x80) !== 0 && payload.length >= 14) times.push(readTimestamp(payload, 9));
      from = 9 + (payload[8] ?? 0);
    }
    const part = payload.subarray(from, from + bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
  }
  return { times, streamBytes: bytes.subarray(0, filled) };
}
