/**
 * Finds key frames in the sample tables of MP4 and QuickTime (ISO/IEC 14496-12 §8.6.2, §8.7) with a few small reads: the
 * tables of a long film have megabytes.
 */
import { type Box, findBox } from "../../../bytes/bmffBoxes.ts";
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { viewOf } from "../../../bytes/bytes.ts";

/** An entry of `stsc` takes 12 bytes: enough for 87,000 changes of the chunk size. */
export const MAX_CHUNK_TABLE_BYTES = 1024 * 1024;

/** Samples of a chunk in front of the key frame, whose sizes are added up. */
export const MAX_CHUNK_SAMPLES = 16_384;

const TABLE_HEAD_BYTES = 8;
const SIZE_TABLE_HEAD_BYTES = 12;
const CHUNK_ENTRY_BYTES = 12;

export interface SampleTable {
  samples: number;
  keyFrames: number;
  locate(keyFrame: number): Promise<ByteRange | null>;
}

/** A table of entries of the same size. */
interface Entries {
  at: number;
  count: number;
}

interface ChunkPlace {
  /** From 0 on. */
  chunk: number;
  /** Number of the chunk's first sample, from 0 on. */
  firstSample: number;
}

interface Tables {
  sizes: Entries;
  /** Size of all samples; 0 if each has its own. */
  commonSize: number;
  chunks: Box;
  offsets: Entries;
  offsetBytes: number;
  /** Null: all samples are key frames. */
  sync: Entries | null;
}

async function readUint32(source: ByteSource, at: number): Promise<number | null> {
  const bytes = await source.read(at, 4);
  return bytes.length < 4 ? null : viewOf(bytes).getUint32(0);
}

/** Reads the number of entries, at most those that the box has room for. */
async function readEntries(source: ByteSource, box: Box, headBytes: number, entryBytes: number): Promise<Entries> {
  const declared = (await readUint32(source, box.start + headBytes - 4)) ?? 0;
  const room = Math.max(0, Math.floor((box.end - box.start - headBytes) / entryBytes));
  return { at: box.start + headBytes, count: Math.min(declared, room) };
}

async function openTables(source: ByteSource, boxes: Box[]): Promise<Tables | null> {
  const [stsz, stsc, stss] = ["stsz", "stsc", "stss"].map((type) => findBox(boxes, type));
  const offsets = findBox(boxes, "stco") ?? findBox(boxes, "co64");
  if (stsz === undefined || stsc === undefined || offsets === undefined) return null;
  const commonSize = (await readUint32(source, stsz.start + 4)) ?? 0;
  const offsetBytes = offsets.type === "co64" ? 8 : 4;
  const sizes =
    commonSize === 0
      ? await readEntries(source, stsz, SIZE_TABLE_HEAD_BYTES, 4)
      : { at: 0, count: (await readUint32(source, stsz.start + 8)) ?? 0 };
  return {
    sizes,
    commonSize,
    chunks: stsc,
    offsets: await readEntries(source, offsets, TABLE_HEAD_BYTES, offsetBytes),
    offsetBytes,
    sync: stss === undefined ? null : await readEntries(source, stss, TABLE_HEAD_BYTES, 4),
  };
}

/** Finds the chunk of a sample in `stsc`, whose entries state the samples of each chunk from their first chunk on. */
async function findChunk(source: ByteSource, { chunks, offsets }: Tables, sample: number): Promise<ChunkPlace | null> {
  const bytes = await source.read(chunks.start, Math.min(chunks.end - chunks.start, MAX_CHUNK_TABLE_BYTES));
  const view = viewOf(bytes);
  let before = 0;
  for (let at = TABLE_HEAD_BYTES; at + CHUNK_ENTRY_BYTES <= view.byteLength; at += CHUNK_ENTRY_BYTES) {
    const [first, perChunk] = [view.getUint32(at) - 1, view.getUint32(at + 4)];
    const hasNext = at + 2 * CHUNK_ENTRY_BYTES <= view.byteLength;
    const end = hasNext ? view.getUint32(at + CHUNK_ENTRY_BYTES) - 1 : offsets.count;
    if (perChunk === 0 || end < first) return null;
    const skipped = Math.floor((sample - before) / perChunk);
    if (skipped < end - first) return { chunk: first + skipped, firstSample: before + skipped * perChunk };
    before += (end - first) * perChunk;
  }
  return null;
}

async function chunkOffset(source: ByteSource, { offsets, offsetBytes }: Tables, chunk: number) {
  if (chunk >= offsets.count) return null;
  const bytes = await source.read(offsets.at + chunk * offsetBytes, offsetBytes);
  if (bytes.length < offsetBytes) return null;
  const view = viewOf(bytes);
  return offsetBytes === 8 ? Number(view.getBigUint64(0)) : view.getUint32(0);
}

/** Returns the bytes in front of the sample in its chunk, and its size. */
async function placeInChunk(source: ByteSource, { sizes, commonSize }: Tables, firstSample: number, sample: number) {
  if (commonSize > 0) return { before: (sample - firstSample) * commonSize, size: commonSize };
  const count = sample - firstSample + 1;
  if (count > MAX_CHUNK_SAMPLES) return null;
  const bytes = await source.read(sizes.at + firstSample * 4, count * 4);
  if (bytes.length < count * 4) return null;
  const view = viewOf(bytes);
  let before = 0;
  for (let i = 0; i < count - 1; i++) before += view.getUint32(i * 4);
  return { before, size: view.getUint32((count - 1) * 4) };
}

async function locateSample(source: ByteSource, tables: Tables, sample: number): Promise<ByteRange | null> {
  if (sample < 0 || sample >= tables.sizes.count) return null;
  const place = await findChunk(source, tables, sample);
  if (place === null) return null;
  const start = await chunkOffset(source, tables, place.chunk);
  const inChunk = await placeInChunk(source, tables, place.firstSample, sample);
  if (start === null || inChunk === null) return null;
  const range = { offset: start + inChunk.before, length: inChunk.size };
  return range.length > 0 && range.offset + range.length <= source.sizeBytes ? range : null;
}

/** Opens the tables among the boxes of `stbl`. Returns null if one is missing. */
export async function openSampleTable(source: ByteSource, boxes: Box[]): Promise<SampleTable | null> {
  const tables = await openTables(source, boxes);
  if (tables === null) return null;
  const { sync, sizes } = tables;
  return {
    samples: sizes.count,
    keyFrames: sync === null ? sizes.count : sync.count,
    locate: async (keyFrame) => {
      if (sync === null) return await locateSample(source, tables, keyFrame);
      const number = keyFrame < sync.count ? await readUint32(source, sync.at + keyFrame * 4) : null;
      return number === null ? null : await locateSample(source, tables, number - 1);
    },
  };
}
