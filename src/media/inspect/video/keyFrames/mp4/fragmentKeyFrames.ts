/** Finds key frames in the fragments of MP4 films (`moof`); ISO/IEC 14496-12 §8.8. */
import { type Box, findBox, readBoxContent, readBoxes } from "../../../bytes/bmffBoxes.ts";
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { viewOf } from "../../../bytes/bytes.ts";
import { fragmentOffsets } from "./fragmentIndex.ts";
import type { SampleTable } from "./sampleTable.ts";

/** Runs of 4,000 samples with all fields. */
const MAX_RUN_BYTES = 64 * 1024;
/** Boxes in front of a fragment that an index points at: segment types, events. */
const MAX_BOXES_TO_FRAGMENT = 8;
const TREX_BYTES = 24;
const IS_NOT_SYNC = 0x10000;

/** Flags of `tfhd` and `trun` for optional fields. */
const TFHD = { baseOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  composition: 0x800,
} as const;

/** Size and flags of samples that don't state their own. */
interface Defaults {
  size: number;
  flags: number;
}

interface Run {
  samples: number;
  /** Relative to the base of the fragment; null follows the previous run. */
  offset: number | null;
  sampleAt(index: number): Defaults;
}

interface TrackFragment {
  baseOffset: number;
  defaults: Defaults;
  runs: Box[];
}

async function readMovieDefaults(source: ByteSource, movie: Box[], trackId: number): Promise<Defaults> {
  const mvex = findBox(movie, "mvex");
  for (const box of mvex === undefined ? [] : await readBoxes(source, mvex.start, mvex.end)) {
    if (box.type !== "trex") continue;
    const view = viewOf(await readBoxContent(source, box, TREX_BYTES));
    if (view.byteLength < TREX_BYTES || view.getUint32(4) !== trackId) continue;
    return { size: view.getUint32(16), flags: view.getUint32(20) };
  }
  return { size: 0, flags: 0 };
}

/** Reads the header of a track's fragment; null if it is of another track. */
function readHeader(view: DataView, trackId: number, moofOffset: number, movie: Defaults) {
  if (view.byteLength < 8 || view.getUint32(4) !== trackId) return null;
  const present = view.getUint32(0);
  let at = 8;
  const field = (flag: number, bytes: number): number | null => {
    if ((present & flag) === 0 || at + bytes > view.byteLength) return null;
    at += bytes;
    return bytes === 8 ? Number(view.getBigUint64(at - 8)) : view.getUint32(at - 4);
  };
  const baseOffset = field(TFHD.baseOffset, 8) ?? moofOffset;
  field(TFHD.description, 4);
  field(TFHD.duration, 4);
  const size = field(TFHD.size, 4) ?? movie.size;
  return { baseOffset, defaults: { size, flags: field(TFHD.flags, 4) ?? movie.flags } };
}

/** Finds the track's part of the first fragment at or behind an offset. */
async function readFragment(source: ByteSource, offset: number, trackId: number, movie: Defaults) {
  let moofOffset = offset;
  for (const box of await readBoxes(source, offset, source.sizeBytes, MAX_BOXES_TO_FRAGMENT)) {
    if (box.type !== "moof") {
      moofOffset = box.end;
      continue;
    }
    for (const traf of await readBoxes(source, box.start, box.end)) {
      if (traf.type !== "traf") continue;
      const boxes = await readBoxes(source, traf.start, traf.end);
      const tfhd = findBox(boxes, "tfhd");
      const view = tfhd === undefined ? null : viewOf(await readBoxContent(source, tfhd, 32));
      const header = view === null ? null : readHeader(view, trackId, moofOffset, movie);
      if (header !== null) return { ...header, runs: boxes.filter(({ type }) => type === "trun") };
    }
    return null;
  }
  return null;
}

/** Parses `trun`; null if it is truncated. */
function parseRun(view: DataView, defaults: Defaults): Run | null {
  if (view.byteLength < 8) return null;
  const present = view.getUint32(0);
  const has = (flag: number): boolean => (present & flag) !== 0;
  const first = 8 + (has(TRUN.dataOffset) ? 4 : 0) + (has(TRUN.firstFlags) ? 4 : 0);
  if (first > view.byteLength) return null;
  const entryBytes = 4 * [TRUN.duration, TRUN.size, TRUN.flags, TRUN.composition].filter(has).length;
  const room = entryBytes === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((view.byteLength - first) / entryBytes);
  const firstFlags = has(TRUN.firstFlags) ? view.getUint32(first - 4) : null;
  return {
    samples: Math.min(view.getUint32(4), room),
    offset: has(TRUN.dataOffset) ? view.getInt32(8) : null,
    sampleAt: (index) => {
      let at = first + index * entryBytes + (has(TRUN.duration) ? 4 : 0);
      const size = has(TRUN.size) ? view.getUint32(at) : defaults.size;
      if (has(TRUN.size)) at += 4;
      const ownFlags = has(TRUN.flags) ? view.getUint32(at) : defaults.flags;
      return { size, flags: index === 0 ? (firstFlags ?? ownFlags) : ownFlags };
    },
  };
}

/** Most samples of a run without fields of their own that are looked at. */
const MAX_RUN_SAMPLES = MAX_RUN_BYTES / 4;

/** Finds the first key frame of a fragment. */
async function locateInFragment(source: ByteSource, { baseOffset, defaults, runs }: TrackFragment) {
  let next = baseOffset;
  for (const box of runs) {
    const run = parseRun(viewOf(await readBoxContent(source, box, MAX_RUN_BYTES)), defaults);
    if (run === null) return null;
    if (run.offset !== null) next = baseOffset + run.offset;
    for (let index = 0; index < Math.min(run.samples, MAX_RUN_SAMPLES); index++) {
      const { size, flags } = run.sampleAt(index);
      if ((flags & IS_NOT_SYNC) === 0) return { offset: next, length: size };
      next += size;
    }
  }
  return null;
}

function isInside(source: ByteSource, { offset, length }: ByteRange): boolean {
  return offset >= 0 && length > 0 && offset + length <= source.sizeBytes;
}

/** Opens the fragments of a track. Each counts as one key frame. */
export async function openFragmentedSamples(
  source: ByteSource,
  top: Box[],
  movie: Box[],
  trackId: number,
): Promise<Pick<SampleTable, "keyFrames" | "locate">> {
  const defaults = await readMovieDefaults(source, movie, trackId);
  const offsets = await fragmentOffsets(source, top, trackId);
  return {
    keyFrames: offsets.length,
    locate: async (index) => {
      const offset = offsets[index];
      const fragment = offset === undefined ? null : await readFragment(source, offset, trackId, defaults);
      const range = fragment === null ? null : await locateInFragment(source, fragment);
      return range !== null && isInside(source, range) ? range : null;
    },
  };
}
