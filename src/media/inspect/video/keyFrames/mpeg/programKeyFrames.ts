/** Finds key frames of MPEG program streams and of raw MPEG video, which have no index. */
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { concat, startsWith } from "../../../bytes/bytes.ts";
import { startCodeUnits } from "../../codecs/bitReader.ts";
import { readSequenceHeader } from "../../codecs/sequenceHeader.ts";
import { isVideoStream, programPackets } from "../../mpeg/programPackets.ts";
import type { KeyFrameTrack } from "../keyFrameTrack.ts";
import { placeOffset, SEARCHED_PLACES } from "../searchedPlaces.ts";
import type { StreamCodec } from "./pictureFinder.ts";
import { type DemuxedBytes, readPicture } from "./pictureSearch.ts";
import { streamTrack } from "../streamTrack.ts";

/** The first pictures of the film, with sound between them. */
const HEAD_BYTES = 256 * 1024;
const RAW_VIDEO = "\0\0\x01\xb3";
const SEQUENCE = 0xb3;
const EXTENSION = 0xb5;

function demuxPackets(bytes: Uint8Array, streamId: number): DemuxedBytes {
  const parts: Uint8Array[] = [];
  let usedBytes = 0;
  for (const packet of programPackets(bytes)) {
    if (packet.streamId === streamId) parts.push(packet.payload);
    usedBytes = packet.end;
  }
  return { parts, usedBytes };
}

/** An extension follows the sequence header of MPEG-2. */
function mpegVersion(stream: Uint8Array): StreamCodec | null {
  let hasSequence = false;
  for (const unit of startCodeUnits(stream)) {
    if (hasSequence) return unit[0] === EXTENSION ? "mpeg2" : "mpeg1";
    hasSequence = unit[0] === SEQUENCE;
  }
  return null;
}

function codecOf(stream: Uint8Array): StreamCodec | null {
  return mpegVersion(stream) ?? (readSequenceHeader("h264", stream) === null ? null : "h264");
}

function firstVideoStream(head: Uint8Array): number | null {
  for (const { streamId } of programPackets(head)) if (isVideoStream(streamId)) return streamId;
  return null;
}

/** Opens the first video stream. A key frame is searched at places of the file. */
export async function openProgramKeyFrames(file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const head = await source.read(0, HEAD_BYTES);
  const streamId = firstVideoStream(head);
  const demux = (bytes: Uint8Array): DemuxedBytes => {
    if (startsWith(head, RAW_VIDEO)) return { parts: [bytes], usedBytes: bytes.length };
    return streamId === null ? { parts: [], usedBytes: bytes.length } : demuxPackets(bytes, streamId);
  };
  const codec = codecOf(concat(demux(head).parts));
  if (codec === null) return null;
  return streamTrack(codec, async (index, maxBytes) => {
    const offset = placeOffset({ offset: 0, length: file.sizeBytes }, index / SEARCHED_PLACES);
    return await readPicture(file, offset, { codec, demux }, maxBytes);
  });
}
