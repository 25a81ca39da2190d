/** Reads the header boxes `mvhd` and `mdhd`: creation time, duration and rotation. */
import { type Box, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { WallTime } from "../../metadata/wallTime.ts";

/** QuickTime times count seconds from 1904-01-01; this is the distance to 1970-01-01. */
const MAC_EPOCH_OFFSET_SECONDS = 2_082_844_800;
const UNSET_TIME = 0xffffffff;
/** Values below this are implausible when read as Unix time. */
const MIN_UNIX_SECONDS = Date.UTC(1990, 0, 1) / 1000;
/** `mvhd` is 100 bytes in version 0. Rate, volume and 10 reserved bytes lie between times and matrix. */
const VERSION_0_BYTES = 100;
const TIMES_TO_MATRIX_BYTES = 16;

export interface MediaTimes {
  created: number;
  timescale: number;
  duration: number;
}

export interface MovieHeader {
  seconds: number | null;
  createdAt: WallTime | null;
  isRotated: boolean;
}

/** Reads `mvhd`; all fields are null or false if it is missing. */
export async function readMovieHeader(source: ByteSource, movie: Box[]): Promise<MovieHeader> {
  const box = findBox(movie, "mvhd");
  if (box === undefined) return { seconds: null, createdAt: null, isRotated: false };
  const { created, timescale, duration } = await readTimes(source, box);
  const view = viewOf(await source.read(box.start, 120));
  const matrixAt = (is64Bit(box, view) ? 32 : 20) + TIMES_TO_MATRIX_BYTES;
  return {
    seconds: timescale > 0 && duration > 0 ? duration / timescale : null,
    createdAt: parseMacTime(created),
    isRotated: view.byteLength >= matrixAt + 8 && isQuarterRotation(view, matrixAt),
  };
}

/** Reads `mdhd`; zeros if it is missing. */
export async function readMediaTimes(source: ByteSource, media: Box[]): Promise<MediaTimes> {
  const box = findBox(media, "mdhd");
  return box === undefined ? { created: 0, timescale: 0, duration: 0 } : await readTimes(source, box);
}

/** Converts a UTC creation time; null for 0, all ones and implausible values. Some writers count from 1970. */
export function parseMacTime(created: number): WallTime | null {
  const seconds = created >= MAC_EPOCH_OFFSET_SECONDS ? created - MAC_EPOCH_OFFSET_SECONDS : created;
  const isSane =
    seconds > 0 && created !== UNSET_TIME && (created >= MAC_EPOCH_OFFSET_SECONDS || seconds >= MIN_UNIX_SECONDS);
  return isSane ? { wallUs: seconds * 1_000_000, offsetMinutes: 0 } : null;
}

/** Version 1 has 64-bit fields. Some writers set it on a box of version 0 length. */
function is64Bit(box: Box, view: DataView): boolean {
  return view.getUint8(0) === 1 && !(box.end - box.start === VERSION_0_BYTES);
}

/** Reads the fields that `mvhd` and `mdhd` share: version, creation and modification time, timescale, duration. */
async function readTimes(source: ByteSource, box: Box): Promise<MediaTimes> {
  const view = viewOf(await source.read(box.start, 32));
  if (!is64Bit(box, view)) {
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

/** Returns whether a display matrix (rows a b, c d in 16.16 fixed point) exchanges width and height. */
export function isQuarterRotation(view: DataView, matrixAt: number): boolean {
  return Math.abs(view.getInt32(matrixAt + 4)) > Math.abs(view.getInt32(matrixAt));
}
