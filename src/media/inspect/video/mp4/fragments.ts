/**
 * Reads frame rate and duration of a fragmented MP4, whose `moov` has neither. The first fragments give the frame rate;
 * the index or the last fragment gives the end.
 */
import { type Box, readBoxes } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type FragmentTrack, readFragmentRun } from "./fragmentRuns.ts";
import { findLastFragments } from "./lastFragments.ts";
import type { VideoTrack } from "./videoTrack.ts";

const MAX_INDEX_BYTES = 256 * 1024;
/** Their headers are in pages that finding them has already fetched. */
const MAX_FRAGMENTS = 64;

export interface FragmentTotals {
  samples: number;
  ticks: number;
  /** End of the last sample, counted from the start of the movie; null if unknown. */
  endTicks: number | null;
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
  const totals = { samples, ticks };
  const fragments = top.filter(({ type }) => type === "moof");
  const firstRun = fragments[0] === undefined ? null : await readFragmentRun(source, fragments[0], fragmentTrack);
  const startTicks = samples > 0 ? 0 : (firstRun?.startTicks ?? 0);
  let summedEndTicks = ticks;
  for (const fragment of fragments.slice(0, MAX_FRAGMENTS)) {
    const run = await readFragmentRun(source, fragment, fragmentTrack);
    if (run === null) continue;
    const runStartTicks = run.startTicks === null ? totals.ticks : run.startTicks - startTicks;
    totals.samples += run.samples;
    totals.ticks += run.ticks;
    summedEndTicks = Math.max(summedEndTicks, runStartTicks + run.ticks);
  }
  for (const fragment of await findLastFragments(source, top)) {
    const run = await readFragmentRun(source, fragment, fragmentTrack);
    if (run !== null && run.startTicks !== null)
      return { ...totals, endTicks: Math.max(summedEndTicks, run.startTicks - startTicks + run.ticks) };
  }
  const isComplete = fragments.length <= MAX_FRAGMENTS && (top.at(-1)?.end ?? 0) >= source.sizeBytes;
  return { ...totals, endTicks: isComplete ? summedEndTicks : null };
}

/** Reads default_sample_duration from `trex`. */
async function readDefaultTicks(source: ByteSource, defaults: Box, trackId: number): Promise<number> {
  for (const { type, start } of await readBoxes(source, defaults.start, defaults.end)) {
    const view = viewOf(await source.read(start, 24));
    if (type === "trex" && view.byteLength >= 16 && view.getUint32(4) === trackId) return view.getUint32(12);
  }
  return 0;
}

/** Sums the subsegments of `sidx`; null unless the file has exactly one `sidx`, which then covers all of it. */
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
