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
    if (packet !== null) yield packet;
    at += packetBytes;
  }
}

/** Returns null for a packet without payload. */
function parsePacket(bytes: Uint8Array): Packet | null {
  const [, flags = 0, low = 0, control = 0, adaptationBytes = 0] = bytes;
  if ((control & 0x10) === 0) return null;
  const from = (control & 0x20) === 0 ? 4 : 5 + adaptationBytes;
  return {
    packetId: ((flags & 0x1f) << 8) | low,
    isStart: (flags & 0x40) !== 0,
    payload: bytes.subarray(from),
  };
}
