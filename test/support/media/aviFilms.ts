/** Builds AVI films whose indexes lead to real key frames. */
import { concat } from "../../../src/media/inspect/bytes/bytes.ts";
import { bytesOf, chunk, u16, u32 } from "./buildImage.ts";
import { riffList } from "./buildVideo.ts";

export interface AviFilm {
  frames: { bytes: Uint8Array; isKey: boolean }[];
  /** Code of the codec, and its data behind the header of the format. */
  code?: string;
  extra?: Uint8Array;
  /** Whether the video is the second stream. */
  isSecond?: boolean;
  index?: "movi" | "file" | "openDml" | "none";
  /** Whether frames are in lists with their sound. */
  hasRecords?: boolean;
  /** Chunks of the video stream's headers. */
  stream?: Uint8Array[];
}

const little = (value: number) => u32(value, true);
const SOUND = new Uint8Array(50).fill(7);
const KEY_FRAME = 0x10;

function streamList(type: string, code: string, format: Uint8Array, more: Uint8Array[]): Uint8Array {
  return riffList("strl", chunk("strh", type, code, new Uint8Array(48)), chunk("strf", format), ...more);
}

/** Headers without the index of OpenDML. */
function headerList({ code = "MJPG", extra, isSecond, stream = [] }: AviFilm, index: Uint8Array[]): Uint8Array {
  const format = bytesOf(little(40), little(64), little(48), u16(1, true), u16(24, true), code, new Uint8Array(20));
  const video = streamList("vids", code, bytesOf(format, extra ?? []), [...stream, ...index]);
  const sound = streamList("auds", "\0\0\0\0", new Uint8Array(18), []);
  return riffList("hdrl", chunk("avih", new Uint8Array(56)), ...(isSecond === true ? [sound, video] : [video, sound]));
}

interface Place {
  id: string;
  /** Offset of the chunk from the start of the content of the list of frames. */
  at: number;
  sizeBytes: number;
  isKey: boolean;
}

/** As `chunk`, for thousands of frames. */
function frameChunk(id: string, bytes: Uint8Array): Uint8Array {
  return concat([bytesOf(id, little(bytes.length)), bytes, new Uint8Array(bytes.length % 2)]);
}

/** The list of frames: each frame and its sound. */
function frameChunks(film: AviFilm) {
  const [video, sound] = film.isSecond === true ? ["01dc", "00wb"] : ["00dc", "01wb"];
  const parts: Uint8Array[] = [];
  const places: Place[] = [];
  const soundChunk = chunk(sound, SOUND);
  let at = 0;
  for (const { bytes, isKey } of film.frames) {
    const pair = [frameChunk(video, bytes), soundChunk];
    let start = at + (film.hasRecords === true ? 12 : 0);
    for (const [i, part] of pair.entries()) {
      const sizeBytes = i === 0 ? bytes.length : SOUND.length;
      places.push({ id: i === 0 ? video : sound, at: start, sizeBytes, isKey: i === 1 || isKey });
      start += part.length;
    }
    const record = film.hasRecords === true ? riffList("rec ", ...pair) : concat(pair);
    parts.push(record);
    at += record.length;
  }
  return { content: concat(parts), places };
}

function oldIndex(places: readonly Place[], base: number): Uint8Array {
  const entries = places.map(({ id, at, sizeBytes, isKey }) =>
    bytesOf(id, little(isKey ? KEY_FRAME : 0), little(base + at), little(sizeBytes)),
  );
  return bytesOf("idx1", little(16 * entries.length), concat(entries));
}

/** An index of the video's frames; offsets count from the start of the list. */
function openDmlChunk(places: readonly Place[], base: number): Uint8Array {
  const entries = places.map(({ at, sizeBytes, isKey }) =>
    bytesOf(little(at + 8), little(isKey ? sizeBytes : (sizeBytes | 0x80000000) >>> 0)),
  );
  const head = [u16(2, true), [0, 1], little(places.length), "00dc", little(base), little(0), little(0)];
  return chunk("ix00", ...head.map((part) => bytesOf(part)), ...entries);
}

function indexOfIndexes(entries: readonly [offset: number, sizeBytes: number, frames: number][]): Uint8Array {
  const rows = entries.map(([offset, sizeBytes, frames]) =>
    bytesOf(little(offset), little(0), little(sizeBytes), little(frames)),
  );
  return chunk("indx", u16(4, true), [0, 0], little(entries.length), "00dc", new Uint8Array(12), ...rows);
}

/** Returns an AVI file. Its index of OpenDML has two parts. */
export function aviFilm(film: AviFilm): Uint8Array {
  const { content, places } = frameChunks(film);
  const head = (index: Uint8Array[]) => bytesOf("RIFF", little(0), "AVI ", headerList(film, index));
  const isOpenDml = film.index === "openDml";
  const headBytes = head(
    isOpenDml
      ? [
          indexOfIndexes([
            [0, 0, 0],
            [0, 0, 0],
          ]),
        ]
      : [],
  ).length;
  const movi = riffList("movi", content);
  const start = headBytes + 12;
  if (!isOpenDml) {
    const index = film.index === "none" ? [] : [oldIndex(places, film.index === "file" ? start : 4)];
    return bytesOf(head([]), movi, ...index);
  }
  const frames = places.filter(({ id }) => id.endsWith("dc"));
  const half = frames.length >> 1;
  const parts = [frames.slice(0, half), frames.slice(half)].map((part) => openDmlChunk(part, start));
  let at = headBytes + movi.length;
  const entries = parts.map((part, i): [number, number, number] => {
    const entry: [number, number, number] = [at, part.length, i === 0 ? half : frames.length - half];
    at += part.length;
    return entry;
  });
  return bytesOf(head([indexOfIndexes(entries)]), movi, ...parts);
}
