/** Finds key frames of MPEG transport streams (ISO/IEC 13818-1), which have no index. */
import type { ByteSource } from "../../../bytes/byteSource.ts";
import {
  detectPacketLayout,
  elementaryBytes,
  findProgramStream,
  type PacketLayout,
  packetsIn,
  type ProgramStream,
} from "../../mpeg/transportPackets.ts";
import type { KeyFrameTrack } from "../keyFrameTrack.ts";
import { placeOffset, SEARCHED_PLACES } from "../searchedPlaces.ts";
import type { StreamCodec } from "./pictureFinder.ts";
import { type CarriedStream, type DemuxedBytes, readPicture } from "./pictureSearch.ts";
import { streamTrack } from "../streamTrack.ts";

/** The tables repeat every 100 ms. */
const TABLES_BYTES = 256 * 1024;

/** Types of video streams; ISO/IEC 13818-1 Table 2-34, and types of ATSC and SMPTE. */
const codecs = new Map<number, StreamCodec>([
  [0x01, "mpeg1"],
  [0x02, "mpeg2"],
  [0x80, "mpeg2"],
  [0x10, "mpeg4"],
  [0x1b, "h264"],
  [0x24, "hevc"],
]);
const otherCodecs = new Map([
  [0x21, "JPEG 2000"],
  [0x33, "VVC"],
  [0x42, "AVS"],
  [0xd1, "Dirac"],
  [0xea, "VC-1"],
]);

function demuxPackets(bytes: Uint8Array, layout: PacketLayout, packetId: number): DemuxedBytes {
  const parts: Uint8Array[] = [];
  let usedBytes = 0;
  for (const packet of packetsIn(bytes, layout)) {
    if (packet.packetId === packetId) parts.push(elementaryBytes(packet));
    usedBytes = packet.end;
  }
  return { parts, usedBytes };
}

function openStream({ packetId, streamType }: ProgramStream, layout: PacketLayout): CarriedStream | null {
  const codec = codecs.get(streamType);
  if (codec === undefined) return null;
  return { codec, demux: (bytes) => demuxPackets(bytes, layout, packetId) };
}

/** Opens the first video stream of the first program. A key frame is searched at places of the file. */
export async function openTransportKeyFrames(file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const head = await source.read(0, TABLES_BYTES);
  const layout = detectPacketLayout(head);
  if (layout === null) return null;
  const found = findProgramStream(head, layout, (type) => codecs.has(type) || otherCodecs.has(type));
  if (found === null) return null;
  const stream = openStream(found, { ...layout, offset: 0 });
  if (stream === null) return streamTrack(otherCodecs.get(found.streamType) ?? "");
  return streamTrack(stream.codec, async (index, maxBytes) => {
    const place = placeOffset({ offset: 0, length: file.sizeBytes - layout.offset }, index / SEARCHED_PLACES);
    const offset = layout.offset + Math.floor(place / layout.packetBytes) * layout.packetBytes;
    return await readPicture(file, offset, stream, maxBytes);
  });
}
