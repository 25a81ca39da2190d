/** Splits MPEG program streams (ISO/IEC 11172-1 and 13818-1) into packets of elementary streams. */

const PACK_ID = 0xba;
const END_ID = 0xb9;
/** Range of video stream ids; one of them is enough. */
const FIRST_VIDEO_STREAM_ID = 0xe0;
const LAST_VIDEO_STREAM_ID = 0xef;
/** MPEG-1 packets start with stuffing bytes and a buffer size; MPEG-2 packets set the two highest bits instead. */
const MAX_STUFFING_BYTES = 16;

export function isVideoStream(streamId: number): boolean {
  return streamId >= FIRST_VIDEO_STREAM_ID && streamId <= LAST_VIDEO_STREAM_ID;
}

/** Skips stuffing and buffer size of an MPEG-1 packet. */
export function skipBufferFields(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0xff && at < start + MAX_STUFFING_BYTES) at += 1;
  return ((bytes[at] ?? 0) & 0xc0) === 0x40 ? at + 2 : at;
}

/** Returns the offset of the payload; `start` is behind the length of the packet. */
function payloadOffset(bytes: Uint8Array, start: number): number {
  if (((bytes[start] ?? 0) & 0xc0) === 0x80) return start + 3 + (bytes[start + 2] ?? 0);
  const at = skipBufferFields(bytes, start);
  const marker = (bytes[at] ?? 0) >> 4;
  return at + (marker === 2 ? 5 : marker === 3 ? 10 : 1);
}

/** Returns the length of a pack header, which has stuffing in MPEG-2. */
function packBytes(bytes: Uint8Array, at: number): number {
  return (bytes[at + 4] ?? 0) >> 6 === 1 ? 14 + ((bytes[at + 13] ?? 0) & 7) : 12;
}

export interface ProgramPacket {
  streamId: number;
  payload: Uint8Array;
  /** Offset behind the packet. */
  end: number;
}

/** Returns the next start code of the system layer: smaller ids are those of the video in the packets. */
function nextStartCode(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(1, from + 2); at >= 0; at = bytes.indexOf(1, at + 1))
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0 && (bytes[at + 1] ?? 0) >= END_ID) return at - 2;
  return bytes.length;
}

/** Yields the packets that the bytes contain as a whole. */
export function* programPackets(bytes: Uint8Array): Generator<ProgramPacket> {
  for (let at = nextStartCode(bytes, 0); at + 6 <= bytes.length; at = nextStartCode(bytes, at)) {
    const streamId = bytes[at + 3] ?? 0;
    if (streamId === PACK_ID || streamId === END_ID) {
      at += streamId === PACK_ID ? packBytes(bytes, at) : 4;
      continue;
    }
    const end = at + 6 + (bytes[at + 4] ?? 0) * 256 + (bytes[at + 5] ?? 0);
    if (end > bytes.length) return;
    yield { streamId, payload: bytes.subarray(Math.min(payloadOffset(bytes, at + 6), end), end), end };
    at = end;
  }
}
