/** Builds films that are made to cost time, memory or reads, by container. Each ends with a reason. */
import { type ByteSource, memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { viewOf } from "../../../src/media/inspect/bytes/bytes.ts";
import { aviFilm } from "./aviFilms.ts";
import { box, bytesOf, chunk, type Part, u16, u32 } from "./buildImage.ts";
import { element, movieHeader } from "./buildVideo.ts";
import { filmBytes } from "./filmSet.ts";
import { patternSource } from "./largeLayouts.ts";
import { matroskaFilm } from "./matroskaFilms.ts";
import { transportFilm } from "./mpegFilms.ts";

export interface HostileFilm {
  name: string;
  /** Null if a frame is shown nevertheless. */
  reason: string | null;
  source: () => Promise<ByteSource>;
}

const MEGABYTE = 1024 * 1024;
const NO_TRACK = "no key frames were found in the video";
const NO_FRAME = "the tables of the video lead to no key frame";

function inMemory(bytes: Uint8Array): Promise<ByteSource> {
  return Promise.resolve(memorySource(bytes));
}

function indexOfText(bytes: Uint8Array, text: string, from = 0): number {
  const wanted = bytesOf(text);
  for (let at = bytes.indexOf(wanted[0] ?? 0, from); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1))
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  throw new Error(`the film has no ${JSON.stringify(text)}`);
}

/** Fills `count` numbers of 32 bits from an offset behind a box's type on. */
function patched(bytes: Uint8Array, type: string, offset: number, value: number, count = 1): Uint8Array {
  const copy = bytes.slice();
  const at = indexOfText(copy, type) + 4 + offset;
  for (let i = 0; i < count; i++) viewOf(copy).setUint32(at + 4 * i, value);
  return copy;
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => bytes[i % bytes.length] ?? 0);
}

/** A file of `head` and then `pattern` again and again, in large pieces that are quick to read. */
function endless(head: Uint8Array, pattern: Uint8Array, patternBytes: number): ByteSource {
  const copies = Math.ceil((256 * 1024) / pattern.length);
  return patternSource(head, repeated(pattern, copies * pattern.length), patternBytes);
}

type Change = (bytes: Uint8Array) => Uint8Array;

/** A film of the set with a change. */
function changed(name: string, file: string, reason: string | null, change: Change): HostileFilm {
  return { name, reason, source: async () => memorySource(change(await filmBytes({ file }))) };
}

const MP4 = "h264-mp4-last.mp4";
const DAMAGED_H264 = "the H.264 configuration is damaged";

const mp4Tables: HostileFilm[] = [
  changed("MP4 without the end of its movie", MP4, NO_TRACK, (bytes) => bytes.subarray(0, indexOfText(bytes, "stsd"))),
  changed("MP4 with chunks beyond the end", MP4, NO_FRAME, (bytes) => patched(bytes, "stco", 8, 0xfffffff0, 10)),
  changed("MP4 with samples of no bytes", MP4, NO_FRAME, (bytes) => patched(bytes, "stsz", 12, 0, 20)),
  changed("MP4 with samples of 4 GB", MP4, NO_FRAME, (bytes) => patched(bytes, "stsz", 4, 0xffffffff)),
  changed("MP4 with 2 ** 32 samples", MP4, NO_FRAME, (bytes) =>
    patched(patched(patched(bytes, "stsz", 4, 1), "stsz", 8, 0xffffffff), "stss", 8, 0xffffffff, 10),
  ),
  changed("MP4 with chunks of no samples", MP4, NO_FRAME, (bytes) => patched(bytes, "stsc", 12, 0)),
  changed("MP4 with chunks of 2 ** 32 samples", MP4, NO_FRAME, (bytes) =>
    patched(patched(bytes, "stsc", 12, 0xffffffff), "stss", 8, 0xfffffff0, 10),
  ),
  changed("MP4 whose track has no end", MP4, null, (bytes) => patched(bytes, "trak", -8, 0)),
  changed("MP4 with boxes of 2 ** 63 bytes", MP4, NO_TRACK, (bytes) =>
    patched(patched(bytes, "mdia", -8, 1), "mdia", 0, 0x7fffffff),
  ),
  changed("fragments at the index itself", "h264-mp4-mfra.mp4", NO_FRAME, (bytes) =>
    patched(bytes, "tfra", 16, indexOfText(bytes, "mfra") - 4, 40),
  ),
  changed("fragments behind the end", "h264-mp4-mfra.mp4", NO_FRAME, (bytes) =>
    patched(bytes, "tfra", 16, 0xffffffff, 40),
  ),
  changed("an index of segments of no bytes", "h264-mp4-sidx.mp4", null, (bytes) => {
    const copy = bytes.slice();
    const at = indexOfText(copy, "sidx");
    return copy.fill(0, at + 28, at + 28 + 120);
  }),
];

function largeTables(): Uint8Array {
  const table = (type: string, entries: number) =>
    box(type, [0, 0, 0, 0], u32(entries), new Uint8Array(12 * entries).fill(1));
  const hdlr = box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12));
  const description = box("stsd", [0, 0, 0, 0], u32(1), box("avc1", new Uint8Array(78)));
  const sizes = box("stsz", [0, 0, 0, 0], u32(1), u32(0xffffffff));
  const stbl = box("stbl", description, sizes, table("stsc", 700_000), table("stco", 1));
  const tkhd = box("tkhd", [0, 0, 0, 7], new Uint8Array(80));
  const track = box("trak", tkhd, box("mdia", hdlr, box("minf", stbl)));
  return bytesOf(box("ftyp", "isom", u32(0)), box("moov", movieHeader(0, 600), track));
}

/** Boxes in boxes: as many as readers look at, on each level. */
function crowdedMovie(): Uint8Array {
  const leaf = box("tkhd", [0, 0, 0, 7], new Uint8Array(80));
  const track = box("trak", ...Array.from({ length: 250 }, () => leaf));
  return bytesOf(box("ftyp", "isom", u32(0)), box("moov", ...Array.from({ length: 300 }, () => track)));
}

/** A fragmented film whose fragments have as many tracks and runs as readers look at, none of the film's track. */
async function crowdedFragments(): Promise<Uint8Array> {
  const bytes = await filmBytes({ file: "h264-mp4-fragments.mp4" });
  const head = bytes.subarray(0, indexOfText(bytes, "moof") - 4);
  const run = box("trun", [0, 0, 2, 0], u32(0xffffffff), new Uint8Array(60));
  const other = box("traf", box("tfhd", [0, 0, 0, 0], u32(77)), ...Array.from({ length: 200 }, () => run));
  const own = box(
    "traf",
    box("tfhd", [0, 0, 0, 0x20], u32(1), u32(0x10000)),
    ...Array.from({ length: 200 }, () => run),
  );
  return bytesOf(
    head,
    ...Array.from({ length: 10 }, () => box("moof", ...Array.from({ length: 20 }, () => other), own)),
  );
}

const mp4Files: HostileFilm[] = [
  { name: "MP4 with tables of megabytes", reason: NO_FRAME, source: () => inMemory(largeTables()) },
  { name: "MP4 with boxes without end", reason: NO_TRACK, source: () => inMemory(crowdedMovie()) },
  {
    name: "MP4 with fragments of other tracks",
    reason: NO_FRAME,
    source: async () => memorySource(await crowdedFragments()),
  },
  {
    name: "MP4 with a key frame of 40 MB",
    reason: "the H.264 key frame is too large",
    source: async () => {
      const bytes = await filmBytes({ file: "h264-mp4-first.mp4" });
      return endless(patched(bytes, "stsz", 12, 40 * MEGABYTE, 20), new Uint8Array(4096), 1000 * MEGABYTE);
    },
  },
];

const configurations: HostileFilm[] = [
  changed("H.264 with a configuration of zeros", MP4, "H.264 with data partitioning", (bytes) =>
    patched(bytes, "avcC", 0, 0, 10),
  ),
  changed("H.264 with a configuration of ones", MP4, DAMAGED_H264, (bytes) =>
    patched(bytes, "avcC", 0, 0xffffffff, 10),
  ),
  changed(
    "HEVC with a configuration of zeros",
    "hevc-mp4-fragments.mp4",
    "the HEVC configuration is damaged",
    (bytes) => patched(bytes, "hvcC", 20, 0, 20),
  ),
  changed("HEVC with a configuration of ones", "hevc-mp4-fragments.mp4", "the HEVC configuration is damaged", (bytes) =>
    patched(bytes, "hvcC", 20, 0xffffffff, 20),
  ),
];

const large = (id: number, ...content: Part[]): Uint8Array => {
  const body = bytesOf(...content);
  return bytesOf(u32(id), u32(0x10000000 | body.length), body);
};

const vp9 = () => Array.from({ length: 10 }, () => new Uint8Array(500).fill(0x82));

/** Replaces a number of four bytes wherever it is the value of an element with an id of one byte. */
function withElements(bytes: Uint8Array, id: number, value: number): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at + 7 <= copy.length; at++)
    if (copy[at] === id && copy[at + 1] === 0x40 && copy[at + 2] === 4) viewOf(copy).setUint32(at + 3, value);
  return copy;
}

const CLUSTER_POSITION = 0xf1;

function seekingItself(): Uint8Array {
  const seek = (id: number) => element(0x4dbb, element(0x53ab, u32(id)), element(0x53ac, u32(0)));
  const seeks = Array.from({ length: 120 }, () => seek(0x1654ae6b));
  return bytesOf(element(0x1a45dfa3, [0x42, 0x86, 0x81, 1]), large(0x18538067, large(0x114d9b74, ...seeks)));
}

/** A live recording with one cluster: `content` follows its head again and again. */
async function endlessCluster(content: Uint8Array, bytes: number): Promise<ByteSource> {
  const film = matroskaFilm({ keyFrames: [new Uint8Array(8)], isLive: true });
  const cluster = indexOfText(film, "\x1f\x43\xb6\x75");
  return await Promise.resolve(endless(film.subarray(0, cluster + 12), content, bytes));
}

const matroskaFiles: HostileFilm[] = [
  { name: "Matroska that seeks itself", reason: NO_TRACK, source: () => inMemory(seekingItself()) },
  {
    name: "Matroska whose index points at the index",
    reason: "the VP9 sample begins with no key frame",
    source: () => inMemory(withElements(matroskaFilm({ keyFrames: vp9(), cues: "last" }), CLUSTER_POSITION, 0)),
  },
  {
    name: "Matroska whose index points behind the end",
    reason: "the VP9 sample begins with no key frame",
    source: () =>
      inMemory(withElements(matroskaFilm({ keyFrames: vp9(), cues: "first" }), CLUSTER_POSITION, 0xffffffff)),
  },
  {
    name: "Matroska with an index of a megabyte of nothing",
    reason: NO_FRAME,
    source: async () => {
      const film = matroskaFilm({ keyFrames: [], cues: undefined } as never);
      const tracks = film.subarray(indexOfText(film, "\x16\x54\xae\x6b"));
      const cues = large(
        0x1c53bb6b,
        large(
          0xbb,
          new Uint8Array(2 * MEGABYTE).fill(0xb7).map((_, i) => (i % 2 === 0 ? 0xb7 : 0x80)),
        ),
      );
      const cluster = large(0x1f43b675, element(0xe7, [0]));
      return await inMemory(
        bytesOf(element(0x1a45dfa3, [0x42, 0x86, 0x81, 1]), large(0x18538067, tracks, cues, cluster)),
      );
    },
  },
  {
    name: "Matroska with a cluster of empty elements",
    reason: NO_FRAME,
    source: async () => await endlessCluster(bytesOf([0xec, 0x80]), 100 * MEGABYTE),
  },
  {
    name: "Matroska without a key frame in 200 MB",
    reason: NO_FRAME,
    source: async () =>
      await endlessCluster(large(0xa3, [0x81, 0, 0, 0], new Uint8Array(9000)).subarray(3), 200 * MEGABYTE),
  },
  {
    name: "Matroska with a key frame of 40 MB",
    reason: NO_FRAME,
    source: async () =>
      await endlessCluster(bytesOf([0xa3], u32(0x10000000 | (40 * MEGABYTE)), [0x81, 0, 0, 0x80]), 60 * MEGABYTE),
  },
  {
    name: "Matroska with elements of 2 ** 56 bytes",
    reason: NO_FRAME,
    source: async () =>
      await endlessCluster(bytesOf([0xa3, 1], [255, 255, 255, 255, 255, 255, 254], [0x81, 0, 0, 0x80]), MEGABYTE),
  },
];

const frames = (bytes: Uint8Array) => Array.from({ length: 10 }, () => ({ bytes, isKey: true }));
const little = (value: number) => u32(value, true);

/** The headers of an AVI without an index, up to the frames. */
function aviHead(): Uint8Array {
  const film = aviFilm({ frames: frames(new Uint8Array(40)), code: "MJPG", index: "none" });
  const movi = indexOfText(film, "movi");
  const head = film.slice(0, movi + 4);
  viewOf(head).setUint32(4, 0xfffffff0, true);
  viewOf(head).setUint32(movi - 4, 0xffffffe0, true);
  return head;
}

const aviFiles: HostileFilm[] = [
  {
    name: "AVI whose index points behind the end",
    reason: NO_FRAME,
    source: () => {
      const film = aviFilm({ frames: frames(new Uint8Array(40)), code: "MJPG", index: "movi" });
      const at = indexOfText(film, "idx1") + 8;
      for (let i = at; i + 16 <= film.length; i += 16) viewOf(film).setUint32(i + 8, 0xfffffff0, true);
      return inMemory(film);
    },
  },
  {
    name: "AVI with an index of 4 GB",
    reason: NO_FRAME,
    source: () => {
      const film = aviFilm({ frames: frames(new Uint8Array(40)), code: "MJPG", index: "movi" });
      const head = film.slice(0, indexOfText(film, "idx1") + 8);
      viewOf(head).setUint32(head.length - 4, 0xffffffff, true);
      viewOf(head).setUint32(4, 0xffffffff, true);
      return Promise.resolve(endless(head, bytesOf("00dc", little(0), little(0), little(0)), 300 * MEGABYTE));
    },
  },
  {
    name: "AVI with frames of no bytes",
    reason: NO_FRAME,
    source: () => Promise.resolve(endless(aviHead(), bytesOf("00dc", little(0)), 200 * MEGABYTE)),
  },
  {
    name: "AVI with frames of 4 GB",
    reason: NO_FRAME,
    source: () => Promise.resolve(endless(aviHead(), bytesOf("00dc", little(0xfffffff0)), 200 * MEGABYTE)),
  },
  {
    name: "AVI with lists in lists",
    reason: NO_FRAME,
    source: () => Promise.resolve(endless(aviHead(), bytesOf("LIST", little(4), "rec "), 200 * MEGABYTE)),
  },
  {
    name: "AVI with key frames of 40 MB",
    reason: "the Motion JPEG key frame is too large",
    source: () => {
      const film = aviFilm({ frames: frames(new Uint8Array(40)), code: "MJPG", index: "movi" });
      const at = indexOfText(film, "idx1") + 8;
      for (let i = at; i + 16 <= film.length; i += 16) viewOf(film).setUint32(i + 12, 40 * MEGABYTE, true);
      return Promise.resolve(endless(film, new Uint8Array(4096), 200 * MEGABYTE));
    },
  },
  {
    name: "AVI with an index of indexes of itself",
    reason: NO_FRAME,
    source: () => {
      const film = aviFilm({ frames: frames(new Uint8Array(40)), code: "MJPG", index: "openDml" });
      const at = indexOfText(film, "indx");
      const view = viewOf(film);
      view.setUint32(at + 12, 0xffffffff, true);
      for (let i = at + 32; i + 16 <= at + 64; i += 16) {
        view.setUint32(i, at, true);
        view.setUint32(i + 8, 0xffffffff, true);
        view.setUint32(i + 12, 0xffffffff, true);
      }
      return inMemory(film);
    },
  },
  {
    name: "AVI whose chunks contain the file",
    reason: NO_TRACK,
    source: () =>
      inMemory(
        bytesOf(
          "RIFF",
          little(0xffffffff),
          "AVI ",
          ...Array.from({ length: 300 }, () => bytesOf("LIST", little(0xffffffff), "hdrl")),
          chunk("strl"),
        ),
      ),
  },
];

/** A transport stream whose packets of the film repeat. */
function endlessTransport(payload: Uint8Array, bytes: number): ByteSource {
  const film = transportFilm({ pictures: [new Uint8Array(4000).fill(0xee)], streamType: 0x1b });
  const packet = bytesOf([0x47, 0x01, 0x02, 0x10], payload).subarray(0, 188);
  const videoId = videoPacketId(film);
  packet[1] = videoId >> 8;
  packet[2] = videoId & 255;
  return endless(film, packet, bytes);
}

/** Packet id of the stream that the most packets belong to. */
function videoPacketId(film: Uint8Array): number {
  const counts = new Map<number, number>();
  for (let at = 0; at + 188 <= film.length; at += 188) {
    const id = (((film[at + 1] ?? 0) & 31) << 8) | (film[at + 2] ?? 0);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

const START = bytesOf([0, 0, 1]);

const mpegFiles: HostileFilm[] = [
  {
    name: "a transport stream without a picture in 200 MB",
    reason: NO_FRAME,
    source: () => Promise.resolve(endlessTransport(new Uint8Array(184), 200 * 188 * 5000)),
  },
  {
    name: "a transport stream of start codes",
    reason: NO_FRAME,
    source: () => Promise.resolve(endlessTransport(repeated(bytesOf(START, [0x41, 0x80]), 184), 200 * 188 * 5000)),
  },
  {
    name: "a transport stream of parameter sets",
    reason: NO_FRAME,
    source: () => Promise.resolve(endlessTransport(repeated(bytesOf(START, [0x67]), 184), 200 * 188 * 5000)),
  },
  {
    name: "a transport stream with a picture of 40 MB",
    reason: NO_FRAME,
    source: () => {
      const picture = bytesOf(
        START,
        [0x67, 100, 0, 30],
        START,
        [0x68, 1],
        START,
        [0x65, 0xb8, 0x80],
        new Uint8Array(184),
      );
      const film = transportFilm({ pictures: [picture], streamType: 0x1b });
      const videoId = videoPacketId(film);
      const packet = bytesOf([0x47, videoId >> 8, videoId & 255, 0x10], new Uint8Array(184).fill(0xaa));
      return Promise.resolve(endless(film, packet, 400_000 * 188));
    },
  },
  {
    name: "a program stream of start codes",
    reason: NO_FRAME,
    source: () =>
      Promise.resolve(
        endless(bytesOf(START, [0xb3, 0x0a, 0, 0x60, 0x13, 255, 255, 0xe0, 0x18]), bytesOf(START, [1]), 200 * MEGABYTE),
      ),
  },
  {
    name: "a program stream of sequence headers",
    reason: NO_FRAME,
    source: () =>
      Promise.resolve(
        endless(
          bytesOf(START, [0xb3, 0x0a, 0, 0x60, 0x13, 255, 255, 0xe0, 0x18]),
          bytesOf(START, [0xb3, 0x0a, 0, 0x60, 0x13, 255, 255, 0xe0, 0x18]),
          200 * MEGABYTE,
        ),
      ),
  },
  {
    name: "a program stream of empty packets",
    reason: NO_TRACK,
    source: () =>
      Promise.resolve(
        endless(bytesOf(START, [0xba], new Uint8Array(10).fill(0x44)), bytesOf(START, [0xe0], u16(0)), 200 * MEGABYTE),
      ),
  },
];

export const hostileFilms: HostileFilm[] = [
  ...mp4Tables,
  ...mp4Files,
  ...configurations,
  ...matroskaFiles,
  ...aviFiles,
  ...mpegFiles,
];
