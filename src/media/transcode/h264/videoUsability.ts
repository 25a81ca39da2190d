/** Colour and shape of pixels in video usability information; ITU-T H.264 §E.1.1 and §E.2.1. */
import type { BitReader } from "../../inspect/video/codecs/bitReader.ts";

export interface VideoUsability {
  /** Width and height of a pixel; 1:1 if unspecified. */
  pixelAspect: { width: number; height: number };
  isFullRange: boolean;
  /** ITU-T H.273 codes; 2 means unspecified. */
  primaries: number;
  transfer: number;
  matrix: number;
}

const UNSPECIFIED = 2;
const EXTENDED_SAR = 255;

export const UNSPECIFIED_USABILITY: VideoUsability = {
  pixelAspect: { width: 1, height: 1 },
  isFullRange: false,
  primaries: UNSPECIFIED,
  transfer: UNSPECIFIED,
  matrix: UNSPECIFIED,
};

/** aspect_ratio_idc from 1 on; Table E-1. */
const pixelAspects: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

function readPixelAspect(bits: BitReader): VideoUsability["pixelAspect"] {
  const code = bits.readFlag() ? bits.read(8) : 1;
  const [width, height] = code === EXTENDED_SAR ? [bits.read(16), bits.read(16)] : (pixelAspects[code - 1] ?? [1, 1]);
  return width === 0 || height === 0 ? { width: 1, height: 1 } : { width, height };
}

/** Reads the fields up to the colour description; what follows concerns time. */
export function readVideoUsability(bits: BitReader): VideoUsability {
  const pixelAspect = readPixelAspect(bits);
  if (bits.readFlag()) bits.skip(1);
  const usability = { ...UNSPECIFIED_USABILITY, pixelAspect };
  if (!bits.readFlag()) return usability;
  bits.skip(3);
  const isFullRange = bits.readFlag();
  if (!bits.readFlag()) return { ...usability, isFullRange };
  const [primaries, transfer, matrix] = [bits.read(8), bits.read(8), bits.read(8)];
  return { pixelAspect, isFullRange, primaries, transfer, matrix };
}
