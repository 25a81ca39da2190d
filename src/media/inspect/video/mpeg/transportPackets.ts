/** Splits MPEG transport streams into packets: 188 bytes, on Blu-ray and AVCHD with a 4-byte timestamp before each. */

export interface PacketLayout {
  packetBytes: number;
  /** Offset of the first sync byte. */
  offset: number;
}

export interface Packet {
  packetId: number;
  /** Whether a table or a frame starts in this packet. */
  isStart: boolean;
  payload: Uint8Array;
  /** Offset behind the packet. */
  end: number;
}

const SYNC_BYTE = 0x47;
const PACKET_BYTES = 188;
/** Plain, with a timestamp before, with error correction after each packet. */
const PACKET_SIZES_BYTES = [188, 192, 204];
/** Sync bytes at equal distance that identify a transport stream. */
const MIN_SYNC_BYTES = 5;

/** Detects packet size and offset; null for other formats. */
export function detectPacketLayout(head: Uint8Array): PacketLayout | null {
  for (const packetBytes of PACKET_SIZES_BYTES) {
    for (let offset = 0; offset < packetBytes; offset++) {
      const offsets = Array.from({ length: MIN_SYNC_BYTES }, (_, i) => offset + i * packetBytes);
      if (offsets.every((at) => head[at] === SYNC_BYTE)) return { packetBytes, offset };
    }
  }
  return null;
}

/** Yields packets with a payload. After lost sync, resumes at the next two sync bytes at packet distance. */
export function* packetsIn(bytes: Uint8Array, { packetBytes, offset }: PacketLayout): Generator<Packet> {
  let at = offset;
  while (at + PACKET_BYTES <= bytes.length) {
    if (bytes[at] !== SYNC_BYTE) {
      at += 1;
      while (at < bytes.length && !(bytes[at] === SYNC_BYTE && bytes[at + packetBytes] === SYNC_BYTE)) at += 1;
      continue;
    }
    const packet = parsePacket(bytes.subarray(at, at + PACKET_BYTES));
    at += packetBytes;
    if (packet !== null) yield { ...packet, end: at };
  }
}

/** Returns null for a packet without payload. */
function parsePacket(bytes: Uint8Array): Omit<Packet, "end"> | null {
  const [, flags = 0, low = 0, control = 0, adaptationBytes = 0] = bytes;
  if ((control & 0x10) === 0) return null;
  const from = (control & 0x20) === 0 ? 4 : 5 + adaptationBytes;
  return {
    packetId: ((flags & 0x1f) << 8) | low,
    isStart: (flags & 0x40) !== 0,
    payload: bytes.subarray(from),
  };
}

/** A stream type of a program, and the packets that carry it. */
export interface ProgramStream {
  packetId: number;
  streamType: number;
}

/** Returns the table in a payload: a pointer field precedes it, a 4-byte CRC ends it. */
function tableSection(payload: Uint8Array): Uint8Array {
  const table = payload.subarray(1 + (payload[0] ?? 0));
  const length = 3 + (((table[1] ?? 0) & 15) << 8) + (table[2] ?? 0);
  return table.subarray(0, Math.max(0, Math.min(length, table.length) - 4));
}

/** Returns the packets that carry the maps of the programs. */
function mapIds(table: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at + 4 <= table.length; at += 4) {
    const program = ((table[at] ?? 0) << 8) | (table[at + 1] ?? 0);
    if (program !== 0) ids.push(packetIdAt(table, at + 2));
  }
  return ids;
}

/** Finds the first stream of one of the types in the maps of the programs. */
export function findProgramStream(
  head: Uint8Array,
  layout: PacketLayout,
  isWanted: (streamType: number) => boolean,
): ProgramStream | null {
  const maps = new Set<number>();
  for (const { packetId, isStart, payload } of packetsIn(head, layout)) {
    if (!isStart) continue;
    if (packetId === 0) {
      for (const id of mapIds(tableSection(payload))) maps.add(id);
    } else if (maps.has(packetId)) {
      const stream = streamOf(tableSection(payload), isWanted);
      if (stream !== null) return stream;
    }
  }
  return null;
}

function streamOf(table: Uint8Array, isWanted: (streamType: number) => boolean): ProgramStream | null {
  let at = 12 + (packetIdAt(table, 10) & 0xfff);
  while (at + 5 <= table.length) {
    const streamType = table[at] ?? 0;
    if (isWanted(streamType)) return { packetId: packetIdAt(table, at + 1), streamType };
    at += 5 + (packetIdAt(table, at + 3) & 0xfff);
  }
  return null;
}

function packetIdAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) & 0x1f) << 8) | (bytes[at + 1] ?? 0);
}

/** Whether a packet of an elementary stream (PES) starts in the payload of a transport packet. */
export function startsElementaryPacket({ isStart, payload }: Packet): boolean {
  return isStart && payload[0] === 0 && payload[1] === 0 && payload[2] === 1;
}

/** Returns the part of a payload that belongs to the elementary stream. */
export function elementaryBytes(packet: Packet): Uint8Array {
  const { payload } = packet;
  return startsElementaryPacket(packet) ? payload.subarray(9 + (payload[8] ?? 0)) : payload;
}
