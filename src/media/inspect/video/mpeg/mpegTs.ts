/**
 * MPEG transport streams, as AVCHD camcorders and broadcasts write them: size, pace, duration and the camcorder's
 * notes from the first and the last stretch of the file. What lies between is never read.
 */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readCamcorderNotes } from "../vendor/mdpm.ts";
import { type Codec, readCodedPicture } from "../codecs/pictureHeader.ts";
import { commonPace, secondsBetween, timestampAt } from "./timestamps.ts";
import { type Packing, findPacking, packetsIn } from "./transportPackets.ts";
import type { VideoFindings } from "../videoInfo.ts";

const headBytes = 256 * 1024;
/** The last picture begins in the first of these, but for very large ones. */
const tailSizes = [256 * 1024, 1024 * 1024];
/** The first picture's own headers stand at its front. */
const mostStreamBytes = 128 * 1024;

const videoTypes = new Map<number, Codec>([
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

export async function readTransportStream(source: ByteSource, facts: VideoFindings): Promise<void> {
  const head = await source.read(0, headBytes);
  const packing = findPacking(head);
  if (packing === null) return;
  const stream = videoStream(head, packing);
  if (stream === null) return;
  const { times, bytes } = gather(head, packing, stream.packetId);
  const picture = readCodedPicture(stream.codec, bytes);
  facts.width = picture?.width ?? 0;
  facts.height = picture?.height ?? 0;
  facts.metadata.fps = picture?.framesPerSecond ?? commonPace(times);
  const last = await lastTimes(source, packing, stream.packetId, times);
  facts.durationSeconds = secondsBetween(times.slice(0, 4), last, facts.metadata.fps);
  if (stream.codec === "h264") readCamcorderNotes(bytes, facts);
}

async function lastTimes(source: ByteSource, packing: Packing, packetId: number, first: number[]): Promise<number[]> {
  if (source.sizeBytes <= headBytes) return first;
  for (const size of tailSizes) {
    const wanted = Math.max(0, source.sizeBytes - packing.offset - size);
    const start = packing.offset + Math.ceil(wanted / packing.packetBytes) * packing.packetBytes;
    const tail = await source.read(start, source.sizeBytes - start);
    const { times } = gather(tail, { ...packing, offset: 0 }, packetId);
    if (times.length > 0) return times;
  }
  return [];
}

/** The stretches of a packet's payload that are of a table begin with a pointer to where it starts. */
function section(payload: Uint8Array): Uint8Array {
  const table = payload.subarray(1 + (payload[0] ?? 0));
  const length = 3 + (((table[1] ?? 0) & 15) << 8) + (table[2] ?? 0);
  // A checksum ends it.
  return table.subarray(0, Math.max(0, Math.min(length, table.length) - 4));
}

/** The first stream of pictures that the first program's table names. */
function videoStream(head: Uint8Array, packing: Packing): Stream | null {
  let tableId: number | null = null;
  for (const { packetId, isStart, payload } of packetsIn(head, packing)) {
    if (!isStart) continue;
    if (packetId === 0 && tableId === null) {
      const table = section(payload);
      for (let at = 8; at + 4 <= table.length && tableId === null; at += 4) {
        const program = ((table[at] ?? 0) << 8) | (table[at + 1] ?? 0);
        if (program !== 0) tableId = idAt(table, at + 2);
      }
    } else if (packetId === tableId) {
      const stream = streamIn(section(payload));
      if (stream !== null) return stream;
    }
  }
  return null;
}

function streamIn(table: Uint8Array): Stream | null {
  let at = 12 + (idAt(table, 10) & 0xfff);
  while (at + 5 <= table.length) {
    const codec = videoTypes.get(table[at] ?? 0);
    if (codec !== undefined) return { packetId: idAt(table, at + 1), codec };
    at += 5 + (idAt(table, at + 3) & 0xfff);
  }
  return null;
}

function idAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) & 0x1f) << 8) | (bytes[at + 1] ?? 0);
}

/** The times of one stream's pictures, and the first of its bytes. */
function gather(stretch: Uint8Array, packing: Packing, wantedId: number): { times: number[]; bytes: Uint8Array } {
  const times: number[] = [];
  const bytes = new Uint8Array(Math.min(mostStreamBytes, stretch.length));
  let filled = 0;
  for (const { packetId, isStart, payload } of packetsIn(stretch, packing)) {
    if (packetId !== wantedId) continue;
    let from = 0;
    if (isStart && payload[0] === 0 && payload[1] === 0 && payload[2] === 1) {
      if (((payload[7] ?? 0) & 0x80) !== 0 && payload.length >= 14) times.push(timestampAt(payload, 9));
      from = 9 + (payload[8] ?? 0);
    }
    const part = payload.subarray(from, from + bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
  }
  return { times, bytes: bytes.subarray(0, filled) };
}
