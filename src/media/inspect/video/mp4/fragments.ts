/**
 * The pace and the end of a fragmented MP4: its movie header says nothing of them, each fragment has its own table.
 * The first fragments tell the pace; an index, or the last fragment, tells the end.
 */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type FragmentTrack, readRun } from "./fragmentRuns.ts";
import type { PictureTrack } from "./mp4Track.ts";

/** Of "mfro", at the very end of the file: the size of the index in front of it. */
const trailerBytes = 16;
const longestIndexBytes = 256 * 1024;
/** Their heads lie in pages that were fetched to find them. */
const mostFragments = 64;

export interface FragmentedPictures {
  samples: number;
  ticks: number;
  /** From the beginning of the movie. */
  endTicks: number;
}

/** What the movie itself tells of, `track`, comes before all fragments. */
export async function readFragments(
  source: ByteSource,
  top: Box[],
  defaults: Box,
  track: PictureTrack,
): Promise<FragmentedPictures> {
  const { trackId, samples, ticks } = track;
  const known: FragmentTrack = { trackId, usualTicks: await usualTicks(source, defaults, trackId) };
  const all = { samples, ticks, endTicks: ticks };
  const fragments = top.filter(({ type }) => type === "moof");
  const last = await lastFragment(source);
  const first = fragments[0];
  const begin = samples > 0 || first === undefined ? 0 : ((await readRun(source, first, known))?.startTicks ?? 0);
  for (const fragment of fragments.slice(0, mostFragments)) {
    const run = await readRun(source, fragment, known);
    if (run === null) continue;
    all.samples += run.samples;
    all.ticks += run.ticks;
    all.endTicks = Math.max(all.endTicks, (run.startTicks ?? all.ticks - run.ticks) - begin + run.ticks);
  }
  const end = last === null ? null : await readRun(source, last, known);
  if (end !== null) all.endTicks = Math.max(all.endTicks, (end.startTicks ?? 0) - begin + end.ticks);
  return all;
}

/** Of a picture, where a fragment does not say. */
async function usualTicks(source: ByteSource, defaults: Box, trackId: number): Promise<number> {
  for (const { type, start } of await boxesIn(source, defaults.start, defaults.end)) {
    const view = viewOf(await source.read(start, 24));
    if (type === "trex" && view.byteLength >= 16 && view.getUint32(4) === trackId) return view.getUint32(12);
  }
  return 0;
}

/** By the index of a stream's segments, "sidx": where there is one alone it tells of the whole file. */
export async function indexedSeconds(source: ByteSource, top: Box[]): Promise<number | null> {
  const [box, another] = top.filter(({ type }) => type === "sidx");
  if (box === undefined || another !== undefined || box.end - box.start > longestIndexBytes) return null;
  const view = viewOf(await source.read(box.start, box.end - box.start));
  if (view.byteLength < 32) return null;
  const timescale = view.getUint32(8);
  const at = view.getUint8(0) === 0 ? 20 : 28;
  const count = view.getUint16(at + 2);
  let ticks = 0;
  for (let entry = at + 4; entry + 12 <= Math.min(view.byteLength, at + 4 + count * 12); entry += 12) {
    ticks += view.getUint32(entry + 4);
  }
  return timescale === 0 || ticks === 0 ? null : ticks / timescale;
}

/** By the index of key frames at the end of the file. */
async function lastFragment(source: ByteSource): Promise<Box | null> {
  const trailer = await source.read(source.sizeBytes - trailerBytes, trailerBytes);
  if (trailer.length < trailerBytes || asciiAt(trailer, 4, 4) !== "mfro") return null;
  const size = viewOf(trailer).getUint32(12);
  if (size > longestIndexBytes) return null;
  const index = findBox(await boxesIn(source, source.sizeBytes - size, source.sizeBytes, 1), "mfra");
  let last = -1;
  for (const box of index === undefined ? [] : await boxesIn(source, index.start, index.end, 32)) {
    if (box.type === "tfra") last = Math.max(last, await lastEntry(source, box));
  }
  return last < 0 ? null : (findBox(await boxesIn(source, last, source.sizeBytes, 1), "moof") ?? null);
}

/** Where the fragment of the last key frame begins; -1 for none. */
async function lastEntry(source: ByteSource, { start, end }: Box): Promise<number> {
  const view = viewOf(await source.read(start, end - start));
  if (view.byteLength < 16) return -1;
  const isLong = view.getUint8(0) === 1;
  const widths = view.getUint32(8);
  const entryBytes = (isLong ? 16 : 8) + ((widths >> 4) & 3) + ((widths >> 2) & 3) + (widths & 3) + 3;
  const at = 16 + (view.getUint32(12) - 1) * entryBytes;
  if (at < 16 || at + entryBytes > view.byteLength) return -1;
  return isLong ? Number(view.getBigUint64(at + 8)) : view.getUint32(at + 4);
}
