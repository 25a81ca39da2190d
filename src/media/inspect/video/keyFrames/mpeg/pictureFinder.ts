/**
 * Finds a key frame with its parameter sets in an elementary stream: from the parameter sets in front of an intra picture
 * to the next access unit.
 */
import { bitReader, removeEmulationPrevention } from "../../codecs/bitReader.ts";

export type StreamCodec = "h264" | "hevc" | "mpeg1" | "mpeg2" | "mpeg4";

/**
 * Part of an access unit: parameter sets or what else precedes a picture, the start of a picture, and what follows it.
 */
type UnitKind = "parameters" | "leading" | "intra" | "inter" | "other";

/** Bytes of a unit that tell its kind. */
const KIND_BYTES = 12;
const START_CODE_BYTES = 3;

/** nal_unit_type of H.264 (Table 7-1) and slice_type (Table 7-6). */
const H264 = { slice: 1, idr: 5, sei: 6, sequence: 7, picture: 8, delimiter: 9 } as const;
const INTRA_SLICES = [2, 4, 7, 9];

/** Kinds by the first bytes of a unit; all slices of a picture but the first are "other". */
function h264Kind(unit: Uint8Array): UnitKind {
  const type = (unit[0] ?? 0) & 31;
  if (type === H264.sequence) return "parameters";
  if (type === H264.sei || type === H264.picture || type === H264.delimiter) return "leading";
  if (type !== H264.slice && type !== H264.idr) return "other";
  const bits = bitReader(removeEmulationPrevention(unit.subarray(1, KIND_BYTES)));
  if (bits.readExpGolomb() !== 0) return "other";
  return INTRA_SLICES.includes(bits.readExpGolomb()) ? "intra" : "inter";
}

/** nal_unit_type of H.265; Table 7-1. */
const HEVC = {
  firstIrap: 16,
  lastIrap: 23,
  lastSlice: 31,
  video: 32,
  sequence: 33,
  picture: 34,
  delimiter: 35,
  sei: 39,
};

function hevcKind(unit: Uint8Array): UnitKind {
  const type = ((unit[0] ?? 0) >> 1) & 63;
  if (type === HEVC.video || type === HEVC.sequence) return "parameters";
  if (type === HEVC.picture || type === HEVC.delimiter || type === HEVC.sei) return "leading";
  const isFirstSlice = type <= HEVC.lastSlice && (unit[2] ?? 0) >= 0x80;
  if (!isFirstSlice) return "other";
  return type >= HEVC.firstIrap && type <= HEVC.lastIrap ? "intra" : "inter";
}

/** Start codes of MPEG-1 and MPEG-2 video; ISO/IEC 13818-2 Table 6-1. */
const MPEG = { picture: 0, userData: 0xb2, sequence: 0xb3, extension: 0xb5, group: 0xb8 } as const;

function mpegKind(unit: Uint8Array): UnitKind {
  const code = unit[0] ?? 0;
  if (code === MPEG.sequence) return "parameters";
  if (code === MPEG.group) return "leading";
  if (code !== MPEG.picture) return "other";
  return (((unit[2] ?? 0) >> 3) & 7) === 1 ? "intra" : "inter";
}

/** Start codes of MPEG-4 part 2; ISO/IEC 14496-2 Table 6-3. Headers of objects and layers have those up to 0x2f. */
const MPEG4 = { lastLayer: 0x2f, sequence: 0xb0, group: 0xb3, object: 0xb5, picture: 0xb6 } as const;
const MPEG4_INTRA = 0;

function mpeg4Kind(unit: Uint8Array): UnitKind {
  const code = unit[0] ?? 0;
  if (code <= MPEG4.lastLayer || code === MPEG4.sequence || code === MPEG4.object) return "parameters";
  if (code === MPEG4.group) return "leading";
  if (code !== MPEG4.picture) return "other";
  return (unit[1] ?? 0) >> 6 === MPEG4_INTRA ? "intra" : "inter";
}

const kinds: Record<StreamCodec, (unit: Uint8Array) => UnitKind> = {
  h264: h264Kind,
  hevc: hevcKind,
  mpeg1: mpegKind,
  mpeg2: mpegKind,
  mpeg4: mpeg4Kind,
};

function kindOf(codec: StreamCodec, unit: Uint8Array): UnitKind {
  try {
    return kinds[codec](unit);
  } catch {
    return "other";
  }
}

/** Units that are looked at from one place on: a second of 4K in slices of one row has 8,000. */
export const MAX_SEARCHED_UNITS = 32_768;

/** The search of one picture. Offsets count from the start of the bytes that are given next. */
export interface PictureSearch {
  /** Offset of the picture's parameter sets; null if none was found yet. */
  start: number | null;
  hasPicture: boolean;
  /** What precedes this offset was looked at. */
  from: number;
  unitsLeft: number;
}

export function newPictureSearch(): PictureSearch {
  return { start: null, hasPicture: false, from: 0, unitsLeft: MAX_SEARCHED_UNITS };
}

/** Finds the next start code from an offset on; the end of the bytes if there is none. */
function nextUnit(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(1, from + 2); at >= 0; at = bytes.indexOf(1, at + 1))
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2;
  return bytes.length;
}

/** Notes what a unit means for the search. */
function addUnit(search: PictureSearch, at: number, kind: UnitKind): void {
  if (kind === "parameters") search.start ??= at;
  else if (kind === "intra") search.hasPicture = search.start !== null;
  else if (kind === "inter") search.start = null;
}

/**
 * Goes on looking for the first intra picture behind parameter sets. `isEnd` tells that nothing follows the bytes. Returns
 * the offset behind the picture; null if it wasn't found yet, or may continue.
 */
export function findPictureEnd(
  search: PictureSearch,
  bytes: Uint8Array,
  codec: StreamCodec,
  isEnd: boolean,
): number | null {
  for (; search.unitsLeft > 0; search.unitsLeft--) {
    const at = nextUnit(bytes, search.from);
    const head = bytes.subarray(at + START_CODE_BYTES, at + START_CODE_BYTES + KIND_BYTES);
    if (head.length < KIND_BYTES && (!isEnd || head.length === 0)) {
      // A start code may begin in the last two bytes.
      search.from = Math.max(search.from, Math.min(at, bytes.length - 2));
      break;
    }
    const kind = kindOf(codec, head);
    if (search.hasPicture && kind !== "other") return at;
    addUnit(search, at, kind);
    search.from = at + START_CODE_BYTES;
  }
  return search.hasPicture && isEnd ? bytes.length : null;
}
