/**
 * Reads frame rate and duration of a fragmented MP4, whose `moov` has neither. The first fragments give the frame rate;
 * the index or the last fragment gives the end.
 */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type FragmentTrack, readFragmentRun } from "./fragmentRuns.ts";
import type { VideoTrack } from "./videoTrack.ts";

/** `mfro` ends the file and stores the size of the `mfra` index before it. */
const MFRO_BYTES = 16;
const MAX_INDEX_BYTES = 256 * 1024;
/** Their headers are in pages that finding them has already fetched. */
const MAX_FRAGMENTS = 64;

export interface FragmentTotals {
  samples: number;
  ticks: number;
  /** End of the last sample, counted from the start of the movie. */
  endTicks: number;
}

/** Adds up fragments. The samples in `moov` itself (`track`) come before all fragments. */
export async function readFragments(
  source: ByteSource,
  top: Box[],
  defaults: Box,
  track: VideoTrack,
): Promise<FragmentTotals> {
  const { trackId, samples, ticks } = track;
  const fragmentTrack: FragmentTrack = { trackId, defaultTicks: await readDefaultTicks(source, defaults, trackId) };
  const totals = { samples, ticks, endTicks: ticks };
  const fragments = top.filter(({ type }) => type === "moof");
  const lastFragment = await findLastFragment(source);
  const first = fragments[0];
  const startTicks =
    samples > 0 || first === undefined ? 0 : ((await readFragmentRun(source, first, fragmentTrack))?.startTicks ?? 0);
  for (const fragment of fragments.slice(0, MAX_FRAGMENTS)) {
    const run = await readFragmentRun(source, fragment, fragmentTrack);
    if (run === null) continue;
    totals.samples += run.samples;
    totals.ticks += run.ticks;
    totals.endTicks = Math.max(totals.endTicks, (run.startTicks ?? totals.ticks - run.ticks) - startTicks + run.ticks);
  }
  const lastRun = lastFragment === null ? null : await readFragmentRun(source, lastFragment, fragmentTrack);
  if (lastRun !== null)
    totals.endTicks = Math.max(totals.endTicks, (lastRun.startTicks ?? 0) - startTicks + lastRun.ticks);
  return totals;
}

/** Reads default_sample_duration from `trex`. */
async function readDefaultTicks(source: ByteSource, defaults: Box, trackId: number): Promise<number> {
  for (const { type, start } of await readBoxes(source, defaults.start, defaults.end)) {
    const view = viewOf(await source.read(start, 24));
    if (type === "trex" && view.byteLength >= 16 && view.getUint32(4) === trackId) return view.getUint32(12);
  }
  return 0;
}

/** Sums the subsegments of `sidx`. Null unless the file has exactly one `sidx`, which then covers all of it. */
export async function segmentIndexSeconds(source: ByteSource, top: Box[]): Promise<number | null> {
  const [box, another] = top.filter(({ type }) => type === "sidx");
  if (box === undefined || another !== undefined || box.end - box.start > MAX_INDEX_BYTES) return null;
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

/** Finds the last fragment through the random access index (`mfra`). */
async function findLastFragment(source: ByteSource): Promise<Box | null> {
  const trailer = await source.read(source.sizeBytes - MFRO_BYTES, MFRO_BYTES);
  if (trailer.length < MFRO_BYTES || asciiAt(trailer, 4, 4) !== "mfro") return null;
  const size = viewOf(trailer).getUint32(12);
  if (size > MAX_INDEX_BYTES) return null;
  const index = findBox(await readBoxes(source, source.sizeBytes - size, source.sizeBytes, 1), "mfra");
  let last = -1;
  for (const box of index === undefined ? [] : await readBoxes(source, index.start, index.end, 32)) {
    if (box.type === "tfra") last = Math.max(last, await lastIndexEntry(source, box));
  }
  return last < 0 ? null : (findBox(await readBoxes(source, last, source.sizeBytes, 1), "moof") ?? null);
}

/** Returns the `moof` offset of the last key frame; -1 if there is none. */
async function lastIndexEntry(source: ByteSource, { start, end }: Box): Promise<number> {
  const view = viewOf(await source.read(start, end - start));
  if (view.byteLength < 16) return -1;
  const is64Bit = view.getUint8(0) === 1;
  const widths = view.getUint32(8);
  const entryBytes = (is64Bit ? 16 : 8) + ((widths >> 4) & 3) + ((widths >> 2) & 3) + (widths & 3) + 3;
  const at = 16 + (view.getUint32(12) - 1) * entryBytes;
  if (at < 16 || at + entryBytes > view.byteLength) return -1;
  return is64Bit ? Number(view.getBigUint64(at + 8)) : view.getUint32(at + 4);
}
