/** Builds small videos that contain headers and few or no frames. */
import { type Part, box, bytesOf, chunk, u16, u32 } from "./buildImage.ts";

export const uprightMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
export const quarterRotation = [0, 0x10000, 0, 0xffff0000, 0, 0, 0, 0, 0x40000000];
/** Seconds from 1904 to 1970. */
export const MAC_EPOCH_OFFSET_SECONDS = 2_082_844_800;

export interface MovieParts {
  /** Seconds from 1904. */
  created?: number;
  seconds?: number;
  matrix?: number[];
  movieMatrix?: number[];
  isEnabled?: boolean;
  /** Sample runs: count and duration in ticks of 1/600 s. */
  runs?: [number, number][];
  codec?: string;
  /** Null omits the handler box. */
  handlerName?: string | null;
  /** Boxes to add to the movie, to its track, to the sample entry and after the movie. */
  movie?: Uint8Array[];
  track?: Uint8Array[];
  sampleEntry?: Uint8Array[];
  afterMovie?: Uint8Array[];
}

const versionAndFlags = [0, 0, 0, 0];

export function movieHeader(created: number, ticks: number, matrix = uprightMatrix): Uint8Array {
  const times = [u32(created), u32(0), u32(600), u32(ticks)];
  return box(
    "mvhd",
    versionAndFlags,
    ...times,
    u32(0x10000),
    new Uint8Array(12),
    ...matrix.map((n) => u32(n)),
    new Uint8Array(28),
  );
}

export function videoTrack({
  matrix = uprightMatrix,
  isEnabled = true,
  runs = [[60, 20]],
  codec = "avc1",
  handlerName = "",
  track = [],
  sampleEntry: picture = [],
}: MovieParts): Uint8Array {
  const tkhd = box(
    "tkhd",
    [0, 0, 0, isEnabled ? 7 : 0],
    u32(0),
    u32(0),
    u32(1),
    new Uint8Array(24),
    ...matrix.map((n) => u32(n)),
    u32(1920 * 65536),
    u32(1080 * 65536),
  );
  const entry = box(codec, new Uint8Array(24), u16(1920), u16(1080), new Uint8Array(50), ...picture);
  const samples = runs.reduce((sum, [count]) => sum + count, 0);
  const stbl = box(
    "stbl",
    box("stsd", versionAndFlags, u32(1), entry),
    box("stts", versionAndFlags, u32(runs.length), ...runs.flatMap(([count, ticks]) => [u32(count), u32(ticks)])),
    box("stsz", versionAndFlags, u32(1), u32(samples)),
  );
  const ticks = runs.reduce((sum, [count, each]) => sum + count * each, 0);
  const mdhd = box("mdhd", versionAndFlags, u32(0), u32(0), u32(600), u32(ticks), u32(0));
  const hdlr = handlerName === null ? [] : [box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12), handlerName)];
  const vmhd = box("vmhd", new Uint8Array(12));
  return box("trak", tkhd, box("mdia", mdhd, ...hdlr, box("minf", vmhd, stbl)), ...track);
}

export function movie(parts: MovieParts = {}): Uint8Array {
  const { created = 0, seconds = 2, movieMatrix, movie: movieBoxes = [], afterMovie: top = [] } = parts;
  return bytesOf(
    box("ftyp", "isom", [0, 0, 0, 0]),
    box("mdat", new Uint8Array(100)),
    box("moov", movieHeader(created, seconds * 600, movieMatrix), videoTrack(parts), ...movieBoxes),
    ...top,
  );
}

/** Apple's keys and their values, as in a movie's `meta` box. */
export function keys(...pairs: [string, string][]): Uint8Array {
  const names = pairs.map(([name]) => bytesOf(u32(8 + name.length), "mdta", name));
  const values = pairs.map(([, value], i) =>
    bytesOf(u32(24 + new TextEncoder().encode(value).length), u32(i + 1), dataBox(value)),
  );
  return box(
    "meta",
    box("hdlr", new Uint8Array(8), "mdta", new Uint8Array(12)),
    box("keys", versionAndFlags, u32(pairs.length), ...names),
    box("ilst", ...values),
  );
}

/** UTF-8 text; language 0 means no locale. */
export function dataBox(text: string, language = 0, type = 1): Uint8Array {
  return box("data", u32(type), u32(language), new TextEncoder().encode(text));
}

/** A "©xyz" user data tag. */
export function internationalText(name: string, text: Part, language = 0x15c7): Uint8Array {
  const bytes = bytesOf(text);
  return box(name, u16(bytes.length), u16(language), bytes);
}

/** One fragment: start and sample durations in ticks of 1/600 s. */
export function fragment(startTicks: number, ticks: number[], { trackId = 1, mediaBytes = 10 } = {}): Uint8Array {
  const mfhd = box("mfhd", versionAndFlags, u32(1));
  const tfhd = box("tfhd", versionAndFlags, u32(trackId));
  const tfdt = box("tfdt", versionAndFlags, u32(startTicks));
  const trun = box("trun", [0, 0, 1, 0], u32(ticks.length), ...ticks.map((each) => u32(each)));
  return bytesOf(box("moof", mfhd, box("traf", tfhd, tfdt, trun)), box("mdat", new Uint8Array(mediaBytes)));
}

export function element(id: number, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  const name = u32(id).slice(u32(id).findIndex((byte) => byte > 0));
  return bytesOf(name, [0x40 | (body.length >> 8), body.length & 0xff], body);
}

export function matroska(...inSegment: Uint8Array[]): Uint8Array {
  return bytesOf(element(0x1a45dfa3, [0x42, 0x86, 0x81, 1]), element(0x18538067, ...inSegment));
}

/** A key frame of track 1; `ticks` is relative to its cluster. */
export function block(ticks: number): Uint8Array {
  return element(0xa3, [0x81], u16(ticks), [0x80], new Uint8Array(20));
}

export function matroskaTrack(...more: Uint8Array[]): Uint8Array {
  const video = element(0xe0, element(0xb0, u16(640)), element(0xba, u16(360)));
  return element(0x1654ae6b, element(0xae, element(0xd7, [1]), element(0x83, [1]), video, ...more));
}

export function matroskaTag(name: string, text: string): Uint8Array {
  const simple = element(0x67c8, element(0x45a3, name), element(0x4487, new TextEncoder().encode(text)));
  return element(0x7373, element(0x63c0), simple);
}

export interface AviParts {
  frames?: number;
  /** Chunks to add to the headers, to the video stream and after the headers. */
  headers?: Uint8Array[];
  stream?: Uint8Array[];
  top?: Uint8Array[];
}

const little = (value: number) => u32(value, true);

export function riffList(type: string, ...chunks: Uint8Array[]): Uint8Array {
  return chunk("LIST", type, ...chunks);
}

/** 320 × 240 pixels, 15 frames per second. */
export function avi({ frames = 45, headers = [], stream = [], top = [] }: AviParts = {}): Uint8Array {
  const avih = chunk(
    "avih",
    little(66_667),
    new Uint8Array(12),
    little(20),
    new Uint8Array(12),
    little(320),
    little(240),
    new Uint8Array(16),
  );
  const strh = chunk(
    "strh",
    "vidsMJPG",
    new Uint8Array(12),
    little(1),
    little(15),
    little(0),
    little(frames),
    new Uint8Array(20),
  );
  const strf = chunk("strf", little(40), little(320), little(240), new Uint8Array(28));
  const content = bytesOf(
    "AVI ",
    riffList("hdrl", avih, riffList("strl", strh, strf, ...stream), ...headers),
    ...top,
    riffList("movi", chunk("00dc", new Uint8Array(40))),
  );
  return bytesOf("RIFF", little(content.length), content);
}

/** A 33-bit timestamp with marker bits, after the four bits of `kind`. */
function timestamp(kind: number, ticks: number): number[] {
  const high = Math.floor(ticks / 2 ** 30);
  return [
    (kind << 4) | (high << 1) | 1,
    (ticks >> 22) & 0xff,
    ((ticks >> 14) & 0xfe) | 1,
    (ticks >> 7) & 0xff,
    ((ticks << 1) & 0xfe) | 1,
  ];
}

/** An MPEG-2 PES packet; ticks of 1/90,000 s. */
export function pesPacket(ticks: number, payload: Uint8Array): Uint8Array {
  return bytesOf([0, 0, 1, 0xe0], u16(payload.length + 8), [0x80, 0x80, 5], timestamp(2, ticks), payload);
}

/** A transport packet stuffed to full size, with a timestamp before it as on Blu-ray. */
function transportPacket(packetId: number, payload: Uint8Array, hasClock: boolean): Uint8Array {
  const stuffing = 184 - payload.length;
  const adaptation =
    stuffing === 0
      ? []
      : [stuffing - 1, ...(stuffing > 1 ? [0] : []), ...Array.from({ length: Math.max(0, stuffing - 2) }, () => 0xff)];
  const control = stuffing === 0 ? 0x10 : 0x30;
  return bytesOf(
    hasClock ? [0x12, 0x34, 0x56, 0x78] : [],
    [0x47, 0x40 | (packetId >> 8), packetId & 0xff, control],
    adaptation,
    payload,
  );
}

/** A table with its pointer field; the CRC is zero. */
export function section(table: number, ...content: Part[]): Uint8Array {
  const body = bytesOf(u16(1), [0xc1, 0, 0], ...content, u32(0));
  return bytesOf([0, table], u16(0xb000 | body.length), body);
}

/** A program with one video stream; each payload is a PES packet at its ticks. */
export function transportStream(streamType: number, pictures: [number, Uint8Array][], hasClock = false): Uint8Array {
  const programs = section(0, u16(1), u16(0xe100));
  const streams = section(2, u16(0xe101), u16(0xf000), [streamType], u16(0xe101), u16(0xf000));
  return bytesOf(
    transportPacket(0, programs, hasClock),
    transportPacket(0x100, streams, hasClock),
    ...pictures.map(([ticks, payload]) => transportPacket(0x101, pesPacket(ticks, payload), hasClock)),
  );
}

/** An H.264 parameter set: 1920 × 1080 cropped from 1088, 50 frames per second. */
export const h264Sequence = bytesOf(
  [0, 0, 0, 1],
  [
    0x67, 0x64, 0x00, 0x2a, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
    0x00, 0x03, 0x01, 0x90, 0x3c, 0x60, 0xc6, 0x58,
  ],
);

/** An H.265 parameter set: 176 × 144. */
export const h265Sequence = bytesOf(
  [0, 0, 0, 1],
  [
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0,
    0x16, 0x20, 0x24, 0x59, 0x65, 0x65, 0x4a, 0x4c, 0x2f, 0x01, 0x01, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03,
    0x00, 0x19, 0x08, 0x00,
  ],
);

/** An H.264 message with MDPM entries: a tag and four bytes each. */
export function mdpmMessage(...entries: [number, number[]][]): Uint8Array {
  const uuid = [0x17, 0xee, 0x8c, 0x60, 0xf8, 0x4d, 0x11, 0xd9, 0x8c, 0xd6, 0x08, 0x00, 0x20, 0x0c, 0x9a, 0x66];
  const message = bytesOf(uuid, "MDPM", [entries.length], ...entries.flatMap(([tag, value]) => [[tag], value]));
  return bytesOf([0, 0, 0, 1, 6, 5, message.length], addEmulationPrevention(message), [0x80]);
}

/** Inserts 3 after two zeros, so that no start code appears. */
function addEmulationPrevention(message: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (const byte of message) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return bytesOf(bytes);
}

/** An MPEG-2 sequence header: 720 × 576, 25 frames per second. */
export const mpegSequence = bytesOf(
  [0, 0, 1, 0xb3, 0x2d, 0x02, 0x40, 0x33, 0xff, 0xff, 0xe0, 0x18],
  [0, 0, 1, 0xb5, 0x14, 0x82, 0x00, 0x01, 0x00, 0x00],
);
