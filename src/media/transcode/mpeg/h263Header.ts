/** Reads the picture header of H.263; ITU-T H.263 §5.1. */
import { bitReader, type BitReader } from "../../inspect/video/codecs/bitReader.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";

export interface H263Header {
  width: number;
  height: number;
  scale: number;
  /** Rows of macroblocks in a group. */
  groupRows: number;
  headerBits: number;
}

/** Width and height of a pixel, of all standard formats. */
export const H263_PIXEL_ASPECT = { width: 12, height: 11 };

const START_CODE = 0x20;
const START_CODE_BITS = 22;
/** Sizes by the source format; Table 1. The others are reserved or have a longer header. */
const FORMATS = [null, [128, 96], [176, 144], [352, 288], [704, 576], [1408, 1152]] as const;
const INTRA = 0;
/** Arithmetic coding and PB frames; annexes E and G. */
const REFUSED_MODES = 0b0101;
const MAX_EXTRA_BYTES = 64;

function groupRowsOf(height: number): number {
  if (height <= 400) return 1;
  return height <= 800 ? 2 : 4;
}

function skipExtra(bits: BitReader): void {
  for (let extra = 0; bits.readFlag(); extra++) {
    if (extra === MAX_EXTRA_BYTES) throw new UnsupportedImageError("the H.263 header is damaged");
    bits.skip(8);
  }
}

/** Throws `UnsupportedImageError`, or a RangeError if the header breaks off. */
export function parseH263Header(sample: Uint8Array): H263Header {
  const bits = bitReader(sample);
  if (bits.read(START_CODE_BITS) !== START_CODE)
    throw new UnsupportedImageError("the H.263 sample begins with no picture");
  bits.skip(8 + 5);
  const size = FORMATS[bits.read(3)];
  if (size === undefined || size === null) throw new UnsupportedImageError("H.263 with an extended header");
  if (bits.read(1) !== INTRA) throw new UnsupportedImageError("the H.263 sample begins with no intra picture");
  if ((bits.read(4) & REFUSED_MODES) !== 0) throw new UnsupportedImageError("H.263 with optional coding modes");
  const scale = Math.max(1, bits.read(5));
  if (bits.readFlag()) bits.skip(2);
  skipExtra(bits);
  const [width, height] = size;
  return { width, height, scale, groupRows: groupRowsOf(height), headerBits: bits.position() };
}
