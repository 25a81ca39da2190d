/** Names the codec of a sample entry; https://mp4ra.org/registered-types/sample-entries. */
import { type Box, findBox, readBoxContent } from "../../../bytes/bmffBoxes.ts";
import type { ByteSource } from "../../../bytes/byteSource.ts";
import type { VideoCodec } from "../keyFrameTrack.ts";

const codecs = new Map<string, VideoCodec>(
  (
    [
      ["h264", ["avc1", "avc2", "avc3", "avc4", "dva1", "dvav"]],
      ["hevc", ["hvc1", "hev1", "hvc2", "hev2", "dvh1", "dvhe"]],
      ["av1", ["av01", "dav1"]],
      ["vp8", ["vp08"]],
      ["vp9", ["vp09"]],
      ["mjpeg", ["jpeg", "mjpa", "MJPG", "dmb1"]],
      ["prores", ["apcn", "apcs", "apco", "apch", "ap4h", "ap4x"]],
      ["mpeg2", ["mp2v", "m2v1", "hdv1", "hdv2", "hdv3"]],
      ["h263", ["s263", "h263"]],
    ] as const
  ).flatMap(([codec, types]) => types.map((type): [string, VideoCodec] => [type, codec])),
);

/** objectTypeIndication of the elementary streams in mp4v; ISO/IEC 14496-1 §7.2.6.6. */
function codecOfObjectType(objectType: number): VideoCodec | null {
  if (objectType === 0x20) return "mpeg4";
  if (objectType >= 0x60 && objectType <= 0x65) return "mpeg2";
  if (objectType === 0x6a) return "mpeg1";
  return objectType === 0x6c ? "mjpeg" : null;
}

const ES_DESCRIPTOR = 3;
const DECODER_DESCRIPTOR = 4;
const MAX_DESCRIPTOR_BYTES = 64;

/** Returns the offset after a descriptor's tag and its length of up to four bytes; null if the tag is another. */
function afterHead(bytes: Uint8Array, at: number, tag: number): number | null {
  if (bytes[at] !== tag) return null;
  let next = at + 1;
  for (let left = 4; left > 1 && (bytes[next] ?? 0) >= 0x80; left--) next++;
  return next + 1;
}

/** Reads esds: an elementary stream whose first descriptor is that of its decoder. */
function objectTypeOf(esds: Uint8Array): number {
  const stream = afterHead(esds, 4, ES_DESCRIPTOR);
  if (stream === null) return 0;
  const flags = esds[stream + 2] ?? 0;
  let at = stream + 3;
  if ((flags & 0x80) !== 0) at += 2;
  if ((flags & 0x40) !== 0) at += 1 + (esds[at] ?? 0);
  if ((flags & 0x20) !== 0) at += 2;
  const decoder = afterHead(esds, at, DECODER_DESCRIPTOR);
  return decoder === null ? 0 : (esds[decoder] ?? 0);
}

/** Returns the codec of a sample entry, or its type for another codec. */
export async function readCodec(source: ByteSource, type: string, boxes: Box[]): Promise<string> {
  if (type !== "mp4v") return codecs.get(type) ?? type;
  const esds = findBox(boxes, "esds");
  if (esds === undefined) return type;
  return codecOfObjectType(objectTypeOf(await readBoxContent(source, esds, MAX_DESCRIPTOR_BYTES))) ?? type;
}
