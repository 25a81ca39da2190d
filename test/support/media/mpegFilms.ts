/** Builds MPEG transport and program streams whose pictures are spread over packets. */
import { bytesOf, type Part, u16, u32 } from "./buildImage.ts";
import { pesPacket, section } from "./buildVideo.ts";

const VIDEO_PACKET_ID = 0x101;
const TABLE_PACKET_ID = 0x100;
const SOUND_PACKET_ID = 0x102;
const RADIO_PACKET_ID = 0x110;
const PACKET_PAYLOAD_BYTES = 184;

export interface TransportFilm {
  /** Access units. */
  pictures: Uint8Array[];
  streamType?: number;
  packetBytes?: 188 | 192 | 204;
  /** Whether a program with sound only is in front of that of the film. */
  hasRadio?: boolean;
}

/** Splits a payload into packets; the last one is stuffed. */
function transportPackets(packetId: number, payload: Uint8Array, packetBytes: number): Uint8Array {
  const packets: Part[] = [];
  for (let at = 0; at < payload.length; at += PACKET_PAYLOAD_BYTES) {
    const part = payload.subarray(at, at + PACKET_PAYLOAD_BYTES);
    const stuffing = PACKET_PAYLOAD_BYTES - part.length;
    const fill = new Uint8Array(Math.max(0, stuffing - 1)).fill(0xff);
    if (fill.length > 0) fill[0] = 0;
    const adaptation = stuffing === 0 ? [] : bytesOf([stuffing - 1], fill);
    packets.push(
      packetBytes === 192 ? [0x12, 0x34, 0x56, 0x78] : [],
      [0x47, (at === 0 ? 0x40 : 0) | (packetId >> 8), packetId & 0xff, stuffing === 0 ? 0x10 : 0x30],
      adaptation,
      part,
      packetBytes === 204 ? new Uint8Array(16).fill(9) : [],
    );
  }
  return bytesOf(...packets);
}

/** A program with sound and one video stream. */
export function transportFilm(film: TransportFilm): Uint8Array {
  const { pictures, streamType = 0x1b, packetBytes = 188, hasRadio = false } = film;
  const packets = (packetId: number, payload: Uint8Array) => transportPackets(packetId, payload, packetBytes);
  const radioProgram = hasRadio ? [u16(1), u16(0xe000 | RADIO_PACKET_ID)] : [];
  const programs = section(0, ...radioProgram, u16(2), u16(0xe000 | TABLE_PACKET_ID));
  const sound = [[0x0f], u16(0xe000 | SOUND_PACKET_ID), u16(0xf000)];
  const streams = section(
    2,
    u16(0xe101),
    u16(0xf000),
    ...sound,
    [streamType],
    u16(0xe000 | VIDEO_PACKET_ID),
    u16(0xf000),
  );
  return bytesOf(
    packets(0, programs),
    hasRadio ? packets(RADIO_PACKET_ID, section(2, u16(0xe1ff), u16(0xf000), ...sound)) : [],
    packets(TABLE_PACKET_ID, streams),
    ...pictures.flatMap((picture, i) => [
      packets(VIDEO_PACKET_ID, pesPacket(i * 3600, picture)),
      packets(SOUND_PACKET_ID, pesPacket(i * 3600, new Uint8Array(300).fill(7))),
    ]),
  );
}

/** Packets of 2,000 bytes, each in a pack with sound, as in MPEG-1 or MPEG-2. */
export function programFilm(pictures: Uint8Array[], version: 1 | 2): Uint8Array {
  const stream = bytesOf(...pictures);
  const pack =
    version === 1
      ? bytesOf([0, 0, 1, 0xba], [0x21, 0, 1, 0, 1, 0x80, 0, 1])
      : bytesOf([0, 0, 1, 0xba], [0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xfa, 0xff, 0xff]);
  // A buffer size and both timestamps; flags, their length and no timestamps.
  const header =
    version === 1 ? bytesOf([0xff, 0x60, 0x20], [0x31, 0, 1, 0, 1], [0x11, 0, 1, 0, 1]) : bytesOf([0x80, 0, 0]);
  const packet = (id: number, payload: Uint8Array) =>
    bytesOf([0, 0, 1, id], u16(header.length + payload.length), header, payload);
  const packets: Part[] = [];
  for (let at = 0; at < stream.length; at += 2000)
    packets.push(pack, packet(0xe0, stream.subarray(at, at + 2000)), packet(0xc0, new Uint8Array(90).fill(7)));
  return bytesOf(...packets, u32(0x1b9));
}

const START_CODE = [0, 0, 1];

/** Units of an access unit in front of each picture, and starts of key frames and of others. */
const pictureHeads = {
  h264: {
    sets: [
      [0x67, 100, 0, 30],
      [0x68, 0xce],
    ],
    key: [0x65, 0x88],
    other: [0x41, 0x9a],
    delimiter: [9, 0xf0],
  },
  hevc: {
    sets: [
      [0x40, 1, 12],
      [0x42, 1, 1],
      [0x44, 1, 0xc1],
    ],
    key: [0x26, 1, 0xaf],
    other: [2, 1, 0xd0],
    delimiter: [0x46, 1, 0x50],
  },
  mpeg4: {
    sets: [
      [0xb0, 1],
      [0xb5, 9],
      [0, 0x40],
      [0x20, 0, 0xc4],
    ],
    key: [0xb6, 0x10],
    other: [0xb6, 0x50],
    delimiter: [0xb3, 0, 0x10],
  },
  mpeg2: {
    sets: [
      [0xb3, 0x2d, 2, 0x40],
      [0xb5, 0x14, 0x82, 0, 1],
    ],
    key: [0, 2, 8],
    other: [0, 2, 0x10],
    delimiter: [0xb8, 0, 8, 0],
  },
};

/** Access units of a codec, filled with a number: key frames with parameter sets, and other pictures. */
export function elementaryPictures(codec: keyof typeof pictureHeads) {
  const { sets, key, other, delimiter } = pictureHeads[codec];
  const unit = (...content: Part[]) => bytesOf(START_CODE, ...content);
  return {
    keyFrame: (fill: number, sizeBytes: number) =>
      bytesOf(...sets.map((set) => unit(set)), unit(key, new Uint8Array(sizeBytes).fill(fill))),
    other: (sizeBytes: number) => unit(other, new Uint8Array(sizeBytes).fill(0xee)),
    delimiter: unit(delimiter),
  };
}
