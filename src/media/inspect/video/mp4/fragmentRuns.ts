/** Reads the sample runs of one movie fragment (`moof`); ISO/IEC 14496-12 §8.8. */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface FragmentTrack {
  trackId: number;
  /** Default duration of a sample, which a fragment may override. */
  defaultTicks: number;
}

export interface FragmentRun {
  /** Without `tfdt` (null) the fragment follows the previous one. */
  startTicks: number | null;
  ticks: number;
  samples: number;
}

/** Flags of `tfhd` and `trun` for optional fields. */
const flags = {
  baseOffset: 0x1,
  description: 0x2,
  duration: 0x8,
  dataOffset: 0x1,
  firstFlags: 0x4,
  sampleDuration: 0x100,
  sampleSize: 0x200,
  sampleFlags: 0x400,
  sampleOffset: 0x800,
} as const;
const MAX_TABLE_BYTES = 256 * 1024;

/** Sums the sample runs of a track in one fragment; null without runs. */
export async function readFragmentRun(
  source: ByteSource,
  moof: Box,
  track: FragmentTrack,
): Promise<FragmentRun | null> {
  for (const box of await readBoxes(source, moof.start, moof.end)) {
    if (box.type !== "traf") continue;
    const boxes = await readBoxes(source, box.start, box.end);
    const header = findBox(boxes, "tfhd");
    const view = header && viewOf(await source.read(header.start, 24));
    if (view === undefined || view.getUint32(4) !== track.trackId) continue;
    const run: FragmentRun = { startTicks: await readDecodeTime(source, boxes), ticks: 0, samples: 0 };
    const defaultTicks = readSampleDuration(view) ?? track.defaultTicks;
    for (const table of boxes.filter(({ type }) => type === "trun"))
      await addSampleTable(source, table, defaultTicks, run);
    return run.ticks > 0 ? run : null;
  }
  return null;
}

async function readDecodeTime(source: ByteSource, boxes: Box[]): Promise<number | null> {
  const box = findBox(boxes, "tfdt");
  if (box === undefined) return null;
  const view = viewOf(await source.read(box.start, 12));
  return view.getUint8(0) === 1 ? Number(view.getBigUint64(4)) : view.getUint32(4);
}

function readSampleDuration(header: DataView): number | null {
  const present = header.getUint32(0);
  if ((present & flags.duration) === 0) return null;
  return header.getUint32(
    8 + ((present & flags.baseOffset) === 0 ? 0 : 8) + ((present & flags.description) === 0 ? 0 : 4),
  );
}

async function addSampleTable(source: ByteSource, table: Box, defaultTicks: number, run: FragmentRun): Promise<void> {
  if (table.end - table.start > MAX_TABLE_BYTES) return;
  const view = viewOf(await source.read(table.start, table.end - table.start));
  const present = view.getUint32(0);
  const samples = view.getUint32(4);
  run.samples += samples;
  if ((present & flags.sampleDuration) === 0) {
    run.ticks += samples * defaultTicks;
    return;
  }
  const fields = [flags.sampleDuration, flags.sampleSize, flags.sampleFlags, flags.sampleOffset];
  const entryBytes = 4 * fields.filter((field) => (present & field) !== 0).length;
  const first = 8 + ((present & flags.dataOffset) === 0 ? 0 : 4) + ((present & flags.firstFlags) === 0 ? 0 : 4);
  for (let at = first; at + entryBytes <= view.byteLength; at += entryBytes) run.ticks += view.getUint32(at);
}
