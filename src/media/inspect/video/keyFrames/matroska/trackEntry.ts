/** Reads from a track of Matroska what decoding its frames needs; RFC 9559 §5.1.4.1 and the codec mappings. */
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { asciiAt, concat } from "../../../bytes/bytes.ts";
import {
  childrenOf,
  type Element,
  elementsIn,
  readBinary,
  readFloat,
  readText,
  readUnsigned,
} from "../../matroska/ebml.ts";
import { trackIds, type VideoTrack } from "../../matroska/segment.ts";
import { parseStreamFormat } from "../fourCharacterCodes.ts";
import type { KeyFrameTrack, TrackColour, VideoCodec } from "../keyFrameTrack.ts";

const ids = {
  codecId: 0x86,
  codecPrivate: 0x63a2,
  encodings: 0x6d80,
  encoding: 0x6240,
  encodingType: 0x5033,
  compression: 0x5034,
  algorithm: 0x4254,
  settings: 0x4255,
  cropTop: 0x54bb,
  cropBottom: 0x54aa,
  cropLeft: 0x54cc,
  cropRight: 0x54dd,
  displayWidth: 0x54b0,
  displayHeight: 0x54ba,
  displayUnit: 0x54b2,
  colour: 0x55b0,
  matrix: 0x55b1,
  range: 0x55b9,
  transfer: 0x55ba,
  primaries: 0x55bb,
} as const;

/** Configurations with parameter sets have some hundred bytes. */
const MAX_PRIVATE_BYTES = 64 * 1024;
/** The start of frames that header stripping leaves out. */
const MAX_STRIPPED_BYTES = 1024;

const codecs = new Map<string, VideoCodec>([
  ["V_MPEG4/ISO/AVC", "h264"],
  ["V_MPEGH/ISO/HEVC", "hevc"],
  ["V_AV1", "av1"],
  ["V_VP8", "vp8"],
  ["V_VP9", "vp9"],
  ["V_MJPEG", "mjpeg"],
  ["V_PRORES", "prores"],
  ["V_MPEG1", "mpeg1"],
  ["V_MPEG2", "mpeg2"],
  ["V_MPEG4/ISO/SP", "mpeg4"],
  ["V_MPEG4/ISO/ASP", "mpeg4"],
  ["V_MPEG4/ISO/AP", "mpeg4"],
]);
const hasConfiguration = new Set<string>(["h264", "hevc", "av1", "mpeg4"]);
const WINDOWS_CODEC = "V_MS/VFW/FOURCC";

/** ContentCompAlgo and Range. */
const HEADER_STRIPPING = 3;
const ZLIB = 0;
const [LIMITED_RANGE, FULL_RANGE] = [1, 2];
const UNSPECIFIED = 2;
const UNKNOWN_UNIT = 4;
const ENCRYPTED = 1;

export interface TrackEntry extends Pick<
  KeyFrameTrack,
  "codec" | "configuration" | "pixelAspect" | "colour" | "orientation"
> {
  /** Restores a frame as the codec defines it. */
  restore: (frame: Uint8Array) => Uint8Array;
}

type StreamCodec = Pick<TrackEntry, "codec" | "configuration" | "restore">;

function prepend(prefix: Uint8Array): TrackEntry["restore"] {
  return (frame) => (prefix.length === 0 ? frame : concat([prefix, frame]));
}

/** Adds size and name, which QuickTime has in front of a frame of ProRes and Matroska leaves out. */
function restoreProRes(frame: Uint8Array): Uint8Array {
  if (asciiAt(frame, 4, 4) === "icpf") return frame;
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, frame.length + head.length);
  head.set(new TextEncoder().encode("icpf"), 4);
  return concat([head, frame]);
}

async function readCodec(source: ByteSource, fields: Element[]): Promise<StreamCodec> {
  const id = (await readText(source, fields, ids.codecId)) ?? "";
  const privateBytes = await readBinary(source, fields, ids.codecPrivate, MAX_PRIVATE_BYTES);
  if (id === WINDOWS_CODEC) {
    const { codec, configuration, prefix } = parseStreamFormat(privateBytes);
    return { codec, configuration, restore: prepend(prefix) };
  }
  const codec = codecs.get(id) ?? id;
  const configuration = hasConfiguration.has(codec) ? privateBytes : new Uint8Array();
  return { codec, configuration, restore: codec === "prores" ? restoreProRes : (frame) => frame };
}

/** Returns what header stripping left out of frames; a name for encodings that can't be undone. */
async function readEncoding(source: ByteSource, fields: Element[]): Promise<Uint8Array | string> {
  const encodings = await childrenOf(source, fields, ids.encodings);
  const [encoding, ...others] = encodings.filter(({ id }) => id === ids.encoding);
  if (encoding === undefined) return new Uint8Array();
  const parts = await elementsIn(source, encoding.start, encoding.end);
  if ((await readUnsigned(source, parts, ids.encodingType)) === ENCRYPTED) return "encrypted";
  const compression = await childrenOf(source, parts, ids.compression);
  const algorithm = (await readUnsigned(source, compression, ids.algorithm)) ?? ZLIB;
  if (algorithm !== HEADER_STRIPPING || others.length > 0) return "compressed";
  return await readBinary(source, compression, ids.settings, MAX_STRIPPED_BYTES);
}

/** Undoes an encoding. A codec whose frames can't be restored gets a name that no decoder has. */
function undoEncoding(stream: StreamCodec, encoding: Uint8Array | string): StreamCodec {
  if (typeof encoding === "string") return { ...stream, codec: `${stream.codec} (${encoding})` };
  const addStripped = prepend(encoding);
  return { ...stream, restore: (frame) => stream.restore(addStripped(frame)) };
}

async function readPixelAspect(source: ByteSource, video: Element[]): Promise<TrackEntry["pixelAspect"]> {
  const read = async (id: number) => (await readUnsigned(source, video, id)) ?? 0;
  const width = (await read(trackIds.pixelWidth)) - (await read(ids.cropLeft)) - (await read(ids.cropRight));
  const height = (await read(trackIds.pixelHeight)) - (await read(ids.cropTop)) - (await read(ids.cropBottom));
  const [displayWidth, displayHeight] = [await read(ids.displayWidth), await read(ids.displayHeight)];
  const isUnknown = (await read(ids.displayUnit)) === UNKNOWN_UNIT;
  const sides = [width, height, displayWidth, displayHeight];
  if (isUnknown || sides.some((side) => side <= 0)) return null;
  return { width: displayWidth * height, height: displayHeight * width };
}

async function readColour(source: ByteSource, video: Element[]): Promise<TrackColour | null> {
  const colour = await childrenOf(source, video, ids.colour);
  if (colour.length === 0) return null;
  const read = async (id: number) => (await readUnsigned(source, colour, id)) ?? UNSPECIFIED;
  const range = (await readUnsigned(source, colour, ids.range)) ?? 0;
  return {
    primaries: await read(ids.primaries),
    transfer: await read(ids.transfer),
    matrix: await read(ids.matrix),
    isFullRange: range === FULL_RANGE ? true : range === LIMITED_RANGE ? false : null,
  };
}

/** Orientations of counter-clockwise quarter turns, and of those after a mirror image. */
const turned = [1, 8, 3, 6];
const mirroredAndTurned = [2, 5, 4, 7];

/** A rectangular projection is mirrored by a yaw of 180° and turned by its roll. */
async function readOrientation(source: ByteSource, video: Element[]): Promise<number> {
  const projection = await childrenOf(source, video, trackIds.projection);
  if (((await readUnsigned(source, projection, trackIds.projectionType)) ?? 0) !== 0) return 1;
  const roll = Math.round(((await readFloat(source, projection, trackIds.roll)) ?? 0) / 90);
  const isMirrored = Math.abs((await readFloat(source, projection, trackIds.yaw)) ?? 0) === 180;
  return (isMirrored ? mirroredAndTurned : turned)[((roll % 4) + 4) % 4] ?? 1;
}

/** Reads the entry of a track. */
export async function readTrackEntry(source: ByteSource, { fields, video }: VideoTrack): Promise<TrackEntry> {
  const stream = undoEncoding(await readCodec(source, fields), await readEncoding(source, fields));
  return {
    ...stream,
    orientation: await readOrientation(source, video),
    pixelAspect: await readPixelAspect(source, video),
    colour: await readColour(source, video),
  };
}
