/** Reads the index of an AVI file: `idx1` at its end, or the indexes of OpenDML (`indx`) in files of more than a gigabyte. */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { asciiAt, viewOf } from "../../../bytes/bytes.ts";
import type { RiffChunk } from "../../../bytes/riff.ts";
import { SEARCHED_PLACES } from "../searchedPlaces.ts";

/** Indexes of 65,000 chunks are read as a whole; of longer ones, some places. */
export const MAX_AVI_INDEX_BYTES = 1024 * 1024;
/** Parts of a long index that are searched at a place: 1,000 chunks, and 16,000 if none is a key frame. */
const PLACE_BYTES = [16 * 1024, 256 * 1024];
/** Indexes of 1 TB. */
const MAX_INDEXES = 1024;

const ENTRY_BYTES = 16;
const KEY_FRAME_FLAG = 0x10;
const INDEX_HEAD_BYTES = 24;
const CHUNK_HEAD_BYTES = 8;
const INDEX_OF_INDEXES = 0;
/** Set in the size of chunks that are no key frames. */
const NOT_KEY_FRAME = 0x80000000;

export interface AviIndex {
  keyFrames: number;
  locate(index: number): Promise<ByteRange | null>;
}

/** Reads entries as key frames; null for those of other chunks. */
interface Entries {
  /** Place of the entries in the file. */
  at: number;
  count: number;
  entryBytes: number;
  keyFrameAt: (view: DataView, at: number) => ByteRange | null;
}

function keyFramesIn(bytes: Uint8Array, { entryBytes, keyFrameAt }: Entries): ByteRange[] {
  const view = viewOf(bytes);
  const found: ByteRange[] = [];
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    const range = keyFrameAt(view, at);
    if (range !== null && range.length > 0) found.push(range);
  }
  return found;
}

/** Finds the first key frame from an entry on. */
async function findFrom(source: ByteSource, entries: Entries, number: number): Promise<ByteRange | null> {
  const leftBytes = (entries.count - number) * entries.entryBytes;
  for (const bytes of PLACE_BYTES) {
    const part = await source.read(entries.at + number * entries.entryBytes, Math.min(leftBytes, bytes));
    const found = keyFramesIn(part, entries)[0];
    if (found !== undefined) return found;
  }
  return null;
}

async function openEntries(source: ByteSource, entries: Entries): Promise<AviIndex> {
  const sizeBytes = entries.count * entries.entryBytes;
  if (sizeBytes <= MAX_AVI_INDEX_BYTES) {
    const found = keyFramesIn(await source.read(entries.at, sizeBytes), entries);
    return { keyFrames: found.length, locate: (index) => Promise.resolve(found[index] ?? null) };
  }
  return {
    keyFrames: SEARCHED_PLACES,
    locate: (index) => findFrom(source, entries, Math.floor((entries.count * index) / SEARCHED_PLACES)),
  };
}

/** Offsets of `idx1` count from the name of the list of frames, in some files from the start of the file. */
async function offsetBase(source: ByteSource, index: RiffChunk, frames: RiffChunk): Promise<number> {
  const first = await source.read(index.start, ENTRY_BYTES);
  if (first.length < ENTRY_BYTES) return 0;
  const base = frames.start - 4;
  const id = asciiAt(await source.read(base + viewOf(first).getUint32(8, true), 4), 0, 4);
  return id === asciiAt(first, 0, 4) ? base : 0;
}

/** Opens `idx1`. `isIntraOnly` tells that every frame is a key frame, whatever the flags are. */
export async function openIndex(
  source: ByteSource,
  index: RiffChunk,
  frames: RiffChunk,
  frameIds: readonly string[],
  isIntraOnly: boolean,
): Promise<AviIndex> {
  const base = await offsetBase(source, index, frames);
  return await openEntries(source, {
    at: index.start,
    count: Math.floor((index.end - index.start) / ENTRY_BYTES),
    entryBytes: ENTRY_BYTES,
    keyFrameAt: (view, at) => {
      const id = String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
      const isKeyFrame = isIntraOnly || (view.getUint32(at + 4, true) & KEY_FRAME_FLAG) !== 0;
      if (!isKeyFrame || !frameIds.includes(id)) return null;
      const offset = base + view.getUint32(at + 8, true) + CHUNK_HEAD_BYTES;
      return { offset, length: view.getUint32(at + 12, true) };
    },
  });
}

interface IndexHead {
  kind: number;
  entryBytes: number;
  entries: number;
  baseOffset: number;
}

function parseHead(bytes: Uint8Array, at: number): IndexHead | null {
  if (bytes.length < at + INDEX_HEAD_BYTES) return null;
  const view = viewOf(bytes.subarray(at));
  const entryBytes = view.getUint16(0, true) * 4;
  const baseOffset = view.getUint32(12, true) + view.getUint32(16, true) * 2 ** 32;
  return { kind: view.getUint8(3), entryBytes, entries: view.getUint32(4, true), baseOffset };
}

/** Opens an index of OpenDML, a chunk among the frames. */
async function readChunkIndex(source: ByteSource, offset: number, sizeBytes: number): Promise<Entries | null> {
  const head = parseHead(await source.read(offset, CHUNK_HEAD_BYTES + INDEX_HEAD_BYTES), CHUNK_HEAD_BYTES);
  if (head === null || head.kind === INDEX_OF_INDEXES || head.entryBytes < 8) return null;
  const room = Math.max(0, Math.floor((sizeBytes - CHUNK_HEAD_BYTES - INDEX_HEAD_BYTES) / head.entryBytes));
  return {
    at: offset + CHUNK_HEAD_BYTES + INDEX_HEAD_BYTES,
    count: Math.min(head.entries, room),
    entryBytes: head.entryBytes,
    keyFrameAt: (view, at) => {
      const length = view.getUint32(at + 4, true);
      if (length >= NOT_KEY_FRAME) return null;
      return { offset: head.baseOffset + view.getUint32(at, true), length };
    },
  };
}

/** Opens the index of indexes in a stream's headers; null if there is none. Each index is about a gigabyte of the film. */
export async function openDmlIndex(source: ByteSource, headers: RiffChunk[]): Promise<AviIndex | null> {
  const chunk = headers.find(({ type }) => type === "indx");
  if (chunk === undefined) return null;
  const bytes = await source.read(chunk.start, INDEX_HEAD_BYTES + MAX_INDEXES * ENTRY_BYTES);
  const head = parseHead(bytes, 0);
  if (head === null || head.kind !== INDEX_OF_INDEXES || head.entries === 0) return null;
  const view = viewOf(bytes);
  const indexes: { offset: number; sizeBytes: number; frames: number }[] = [];
  const limit = Math.min(bytes.length, INDEX_HEAD_BYTES + head.entries * ENTRY_BYTES);
  for (let at = INDEX_HEAD_BYTES; at + ENTRY_BYTES <= limit; at += ENTRY_BYTES) {
    const offset = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    indexes.push({ offset, sizeBytes: view.getUint32(at + 8, true), frames: view.getUint32(at + 12, true) });
  }
  const frames = indexes.reduce((sum, index) => sum + index.frames, 0);
  return {
    keyFrames: SEARCHED_PLACES,
    locate: async (place) => {
      let before = Math.floor((frames * place) / SEARCHED_PLACES);
      for (const index of indexes) {
        if (before < index.frames) {
          const entries = await readChunkIndex(source, index.offset, index.sizeBytes);
          return entries === null ? null : await findFrom(source, entries, Math.min(before, entries.count));
        }
        before -= index.frames;
      }
      return null;
    },
  };
}
