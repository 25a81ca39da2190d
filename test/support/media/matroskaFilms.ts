/** Builds Matroska films whose clusters hold real key frames. */
import { bytesOf, type Part, u16, u32 } from "./buildImage.ts";
import { element } from "./buildVideo.ts";

const VIDEO_TRACK = 0x81;
const AUDIO_TRACK = 0x82;
/** A seek head with one entry. */
const SEEK_HEAD_BYTES = 26;

export interface MatroskaFilm {
  keyFrames: Uint8Array[];
  codecId?: string;
  codecPrivate?: Uint8Array;
  /** Elements of the video track and of its video settings. */
  track?: Uint8Array[];
  video?: Uint8Array[];
  /** Where the index is; none by default. */
  cues?: "first" | "last";
  /** Whether cues tell the offset of the block in its cluster. */
  hasBlockPositions?: boolean;
  /** Clusters and segment of unknown size, as in live recordings. */
  isLive?: boolean;
  blocks?: "simple" | "groups";
  lacing?: "none" | "xiph" | "ebml" | "fixed";
  /** Bytes between a key frame and the next cluster, in blocks of other frames. */
  otherBytes?: number;
}

/** Elements of a known size that needs four bytes. */
function large(id: number, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  const name = u32(id).slice(u32(id).findIndex((byte) => byte > 0));
  return bytesOf(name, u32(0x10000000 | body.length), body);
}

function unknown(id: number, ...content: Part[]): Uint8Array {
  return bytesOf(u32(id), [0x01, 255, 255, 255, 255, 255, 255, 255], ...content);
}

/** An integer of two bytes. */
function vint(value: number): number[] {
  return u16(0x4000 | value);
}

/** The flags and sizes of a lace of the frame, one byte and two bytes. */
function laced(frame: Uint8Array, lacing: MatroskaFilm["lacing"]): { flags: number; payload: Uint8Array } {
  if (lacing === "xiph") {
    const sizes = [...Array.from({ length: Math.floor(frame.length / 255) }, () => 255), frame.length % 255, 1];
    return { flags: 2, payload: bytesOf([2], sizes, frame, [7], [7, 7]) };
  }
  if (lacing === "ebml") {
    // The second size is 1: the difference has a bias of 2 ** 13 - 1.
    const difference = vint(1 - frame.length + 2 ** 13 - 1);
    return { flags: 6, payload: bytesOf([2], vint(frame.length), difference, frame, [7], [7, 7]) };
  }
  if (lacing === "fixed") return { flags: 4, payload: bytesOf([1], frame, new Uint8Array(frame.length)) };
  return { flags: 0, payload: frame };
}

function block({ blocks, lacing }: MatroskaFilm, track: number, frame: Uint8Array, isKey: boolean): Uint8Array {
  const { flags, payload } = laced(frame, track === VIDEO_TRACK ? lacing : "none");
  if (blocks !== "groups") return large(0xa3, [track], u16(0), [flags | (isKey ? 0x80 : 0)], payload);
  const reference = isKey ? [] : [element(0xfb, [0x80])];
  return large(0xa0, large(0xa1, [track], u16(0), [flags], payload), ...reference);
}

/** A cluster has a frame that isn't a key frame and one of sound in front of the key frame. */
function cluster(film: MatroskaFilm, frame: Uint8Array, number: number) {
  const leading = bytesOf(
    element(0xe7, [number]),
    block(film, VIDEO_TRACK, new Uint8Array(30).fill(200), false),
    block(film, AUDIO_TRACK, new Uint8Array(40).fill(201), true),
  );
  const trailing = block(film, VIDEO_TRACK, new Uint8Array(film.otherBytes ?? 50).fill(202), false);
  const content = [leading, block(film, VIDEO_TRACK, frame, true), trailing];
  const bytes = film.isLive === true ? unknown(0x1f43b675, ...content) : large(0x1f43b675, ...content);
  return { bytes, blockPosition: leading.length };
}

function tracks({ codecId = "V_VP9", codecPrivate, track = [], video = [] }: MatroskaFilm): Uint8Array {
  const settings = large(0xe0, element(0xb0, u16(64)), element(0xba, u16(48)), ...video);
  const configuration = codecPrivate === undefined ? [] : [large(0x63a2, codecPrivate)];
  const sound = element(0xae, element(0xd7, [2]), element(0x83, [2]));
  const entry = large(
    0xae,
    element(0xd7, [1]),
    element(0x83, [1]),
    element(0x86, codecId),
    ...configuration,
    settings,
    ...track,
  );
  return large(0x1654ae6b, sound, entry);
}

function cuesElement(clusters: readonly ReturnType<typeof cluster>[], firstOffset: number, hasBlockPositions: boolean) {
  let offset = firstOffset;
  const points = clusters.map(({ bytes, blockPosition }) => {
    const relative = hasBlockPositions ? [element(0xf0, u32(blockPosition))] : [];
    const sound = element(0xb7, element(0xf7, [2]), element(0xf1, u32(offset)));
    const positions = element(0xb7, element(0xf7, [1]), element(0xf1, u32(offset)), ...relative);
    offset += bytes.length;
    return element(0xbb, element(0xb3, [0]), sound, positions);
  });
  return large(0x1c53bb6b, ...points);
}

/** Returns a Matroska file with a cluster for each key frame. */
export function matroskaFilm(film: MatroskaFilm): Uint8Array {
  const clusters = film.keyFrames.map((frame, number) => cluster(film, frame, number));
  const clusterBytes = clusters.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const entries = tracks(film);
  const cuesAt = (offset: number) => cuesElement(clusters, offset, film.hasBlockPositions === true);
  const cuesBytes = cuesAt(0).length;
  const isLast = film.cues === "last";
  const firstCluster = SEEK_HEAD_BYTES + entries.length + (film.cues === "first" ? cuesBytes : 0);
  const seek = element(0x4dbb, element(0x53ab, u32(0x1c53bb6b)), element(0x53ac, u32(firstCluster + clusterBytes)));
  const head = isLast ? element(0x114d9b74, seek) : element(0xec, new Uint8Array(SEEK_HEAD_BYTES - 3));
  const index = film.cues === undefined ? [] : cuesAt(firstCluster);
  const content = [
    head,
    entries,
    film.cues === "first" ? index : [],
    ...clusters.map(({ bytes }) => bytes),
    isLast ? index : [],
  ];
  const segment = film.isLive === true ? unknown(0x18538067, ...content) : large(0x18538067, ...content);
  return bytesOf(element(0x1a45dfa3, [0x42, 0x86, 0x81, 1]), segment);
}
