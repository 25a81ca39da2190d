/** One fragment of an MP4: when its pictures of a track begin and how long they last. */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface FragmentTrack {
  trackId: number;
  /** Of a picture, where the fragment does not say. */
  usualTicks: number;
}

export interface Run {
  /** Null where the fragment says only that it follows the one before. */
  startTicks: number | null;
  ticks: number;
  samples: number;
}

/** Which fields stand in front of, and in, the table of samples. */
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
const longestTableBytes = 256 * 1024;

export async function readRun(source: ByteSource, moof: Box, track: FragmentTrack): Promise<Run | null> {
  for (const box of await boxesIn(source, moof.start, moof.end)) {
    if (box.type !== "traf") continue;
    const boxes = await boxesIn(source, box.start, box.end);
    const header = findBox(boxes, "tfhd");
    const view = header && viewOf(await source.read(header.start, 24));
    if (view === undefined || view.getUint32(4) !== track.trackId) continue;
    const run: Run = { startTicks: await decodeTime(source, boxes), ticks: 0, samples: 0 };
    const usual = ticksIn(view) ?? track.usualTicks;
    for (const table of boxes.filter(({ type }) => type === "trun")) await addRun(source, table, usual, run);
    return run.ticks > 0 ? run : null;
  }
  return null;
}

async function decodeTime(source: ByteSource, boxes: Box[]): Promise<number | null> {
  const box = findBox(boxes, "tfdt");
  if (box === undefined) return null;
  const view = viewOf(await source.read(box.start, 12));
  return view.getUint8(0) === 1 ? Number(view.getBigUint64(4)) : view.getUint32(4);
}

function ticksIn(header: DataView): number | null {
  const set = header.getUint32(0);
  if ((set & flags.duration) === 0) return null;
  return header.getUint32(8 + ((set & flags.baseOffset) === 0 ? 0 : 8) + ((set & flags.description) === 0 ? 0 : 4));
}

async function addRun(source: ByteSource, table: Box, usual: number, run: Run): Promise<void> {
  if (table.end - table.start > longestTableBytes) return;
  const view = viewOf(await source.read(table.start, table.end - table.start));
  const set = view.getUint32(0);
  const samples = view.getUint32(4);
  run.samples += samples;
  if ((set & flags.sampleDuration) === 0) {
    run.ticks += samples * usual;
    return;
  }
  const fields = [flags.sampleDuration, flags.sampleSize, flags.sampleFlags, flags.sampleOffset];
  const entryBytes = 4 * fields.filter((field) => (set & field) !== 0).length;
  const first = 8 + ((set & flags.dataOffset) === 0 ? 0 : 4) + ((set & flags.firstFlags) === 0 ? 0 : 4);
  for (let at = first; at + entryBytes <= view.byteLength; at += entryBytes) run.ticks += view.getUint32(at);
}
