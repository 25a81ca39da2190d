/** The clocks of an MP4 or QuickTime movie: how long it is and when it was written. */
import { type Box, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { WallTime } from "../../metadata/wallTime.ts";
import { isQuarterTurn } from "./mp4Rotation.ts";

/** From 1904-01-01, where QuickTime's clock starts, to 1970-01-01. */
const secondsTo1970 = 2_082_844_800;
const unset = 0xffffffff;
/** Nobody filmed before: a count from 1904 that ends before 1970, read as one from 1970, must end behind this. */
const earliestUnixSeconds = Date.UTC(1990, 0, 1) / 1000;
/** The head of `mvhd` in its shorter form, and what both forms have after their times: rate, volume, ten bytes of nothing. */
const shortHeaderBytes = 100;
const bytesToMatrix = 16;

export interface MediaTimes {
  created: number;
  timescale: number;
  duration: number;
}

export interface MovieHeader {
  seconds: number | null;
  writtenAt: WallTime | null;
  isTurned: boolean;
}

export async function readMovieHeader(source: ByteSource, movie: Box[]): Promise<MovieHeader> {
  const box = findBox(movie, "mvhd");
  if (box === undefined) return { seconds: null, writtenAt: null, isTurned: false };
  const { created, timescale, duration } = await readTimes(source, box);
  const view = viewOf(await source.read(box.start, 120));
  const matrixAt = (isLong(box, view) ? 32 : 20) + bytesToMatrix;
  return {
    seconds: timescale > 0 && duration > 0 ? duration / timescale : null,
    writtenAt: clockTime(created),
    isTurned: view.byteLength >= matrixAt + 8 && isQuarterTurn(view, matrixAt),
  };
}

export async function readMediaTimes(source: ByteSource, media: Box[]): Promise<MediaTimes> {
  const box = findBox(media, "mdhd");
  return box === undefined ? { created: 0, timescale: 0, duration: 0 } : await readTimes(source, box);
}

/** Its clock is UTC. Zero, and all ones, is a clock that was never set; too small a number is one of writers that count from 1970. */
export function clockTime(created: number): WallTime | null {
  const seconds = created >= secondsTo1970 ? created - secondsTo1970 : created;
  const isSane = seconds > 0 && created !== unset && (created >= secondsTo1970 || seconds >= earliestUnixSeconds);
  return isSane ? { wallUs: seconds * 1_000_000, offsetMinutes: 0 } : null;
}

/** The form of 64 bits; some writers say so of a box that has no room for it. */
function isLong(box: Box, view: DataView): boolean {
  return view.getUint8(0) === 1 && !(box.end - box.start === shortHeaderBytes);
}

/** The head that `mvhd` and `mdhd` share: version, creation and modification times, timescale, duration. */
async function readTimes(source: ByteSource, box: Box): Promise<MediaTimes> {
  const view = viewOf(await source.read(box.start, 32));
  if (!isLong(box, view)) {
    const duration = view.getUint32(16);
    return {
      created: view.getUint32(4),
      timescale: view.getUint32(12),
      duration: duration === 0xffffffff ? 0 : duration,
    };
  }
  const duration = Number(view.getBigUint64(24));
  return {
    created: Number(view.getBigUint64(4)),
    timescale: view.getUint32(20),
    duration: duration >= 2 ** 63 ? 0 : duration,
  };
}
