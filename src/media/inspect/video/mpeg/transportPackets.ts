/** The packets of an MPEG transport stream inside a stretch of bytes: each of 188, on Blu-ray and AVCHD with a clock of four in front. */

export interface Packing {
  packetBytes: number;
  /** Where the first mark is. */
  offset: number;
}

export interface Packet {
  packetId: number;
  /** Whether a table or a picture begins in it. */
  isStart: boolean;
  payload: Uint8Array;
}

const mark = 0x47;
const bodyBytes = 188;
/** Plain, with a clock in front, with a checksum behind. */
const packetSizes = [188, 192, 204];
/** So many marks in a row are no chance. A file of fewer packets has nothing to tell. */
const marksInRow = 5;

export function findPacking(head: Uint8Array): Packing | null {
  for (const packetBytes of packetSizes) {
    for (let offset = 0; offset < packetBytes; offset++) {
      const places = Array.from({ length: marksInRow }, (_, i) => offset + i * packetBytes);
      if (places.every((at) => head[at] === mark)) return { packetBytes, offset };
    }
  }
  return null;
}

/** Where the marks stop, the next place that has two of them. */
export function* packetsIn(stretch: Uint8Array, { packetBytes, offset }: Packing): Generator<Packet> {
  let at = offset;
  while (at + bodyBytes <= stretch.length) {
    if (stretch[at] !== mark) {
      at += 1;
      while (at < stretch.length && !(stretch[at] === mark && stretch[at + packetBytes] === mark)) at += 1;
      continue;
    }
    const packet = packetAt(stretch.subarray(at, at + bodyBytes));
    if (packet !== null) yield packet;
    at += packetBytes;
  }
}

/** Null where it carries no payload. */
function packetAt(bytes: Uint8Array): Packet | null {
  const [, flags = 0, low = 0, control = 0, adaptationBytes = 0] = bytes;
  if ((control & 0x10) === 0) return null;
  const from = (control & 0x20) === 0 ? 4 : 5 + adaptationBytes;
  return {
    packetId: ((flags & 0x1f) << 8) | low,
    isStart: (flags & 0x40) !== 0,
    payload: bytes.subarray(from),
  };
}
