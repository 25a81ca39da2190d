/** Reads the uncompressed header of VP9 key frames; VP9 Bitstream & Decoding Process Specification 0.6 §6.2. */
import { bitReader, type BitReader } from "../../inspect/video/codecs/bitReader.ts";

export interface Vp9Frame {
  /** A single frame that the decoder shows. */
  bytes: Uint8Array;
  width: number;
  height: number;
  bits: number;
  xShift: number;
  yShift: number;
  isRgb: boolean;
  /** ITU-T H.273 matrix coefficients. */
  matrix: number;
  isFullRange: boolean;
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const RGB = 7;
/** ITU-T H.273 matrix coefficients by `color_space`; the others are unspecified. */
const MATRICES = [2, 6, 1, 6, 7, 9];
const UNSPECIFIED = 2;

/** Bit of `show_frame` in the first byte of profiles 0 to 2. */
const SHOW_FRAME = 0x02;

/** Returns the first frame of a superframe, whose index is at its end; Annex B. Other samples are a single frame. */
function firstFrame(sample: Uint8Array): Uint8Array {
  const marker = sample.at(-1) ?? 0;
  if ((marker & 0xe0) !== 0xc0) return sample;
  const sizeBytes = ((marker >> 3) & 3) + 1;
  const indexAt = sample.length - 2 - sizeBytes * ((marker & 7) + 1);
  if (indexAt < 0 || sample[indexAt] !== marker) return sample;
  const size = sample.subarray(indexAt + 1, indexAt + 1 + sizeBytes).reduceRight((sum, byte) => sum * 256 + byte, 0);
  return sample.subarray(0, Math.min(size, indexAt));
}

type Colour = Pick<Vp9Frame, "bits" | "xShift" | "yShift" | "isRgb" | "matrix" | "isFullRange">;

function readColour(bits: BitReader, profile: number): Colour {
  const depth = profile < 2 ? 8 : bits.readFlag() ? 12 : 10;
  const hasShifts = profile % 2 === 1;
  const space = bits.read(3);
  if (space === RGB) return { bits: depth, xShift: 0, yShift: 0, isRgb: true, matrix: 0, isFullRange: true };
  const isFullRange = bits.readFlag();
  const [xShift, yShift] = hasShifts ? [bits.read(1), bits.read(1)] : [1, 1];
  if (hasShifts) bits.skip(1);
  return { bits: depth, xShift, yShift, isRgb: false, matrix: MATRICES[space] ?? UNSPECIFIED, isFullRange };
}

/** Encoders hide a key frame that another frame of its superframe shows. */
function shown(frame: Uint8Array, profile: number): Uint8Array {
  if (profile === 3 || ((frame[0] ?? 0) & SHOW_FRAME) !== 0) return frame;
  const copy = frame.slice();
  copy[0] = (copy[0] ?? 0) | SHOW_FRAME;
  return copy;
}

/** Returns the key frame that a sample begins with; null if it doesn't. */
export function parseVp9KeyFrame(sample: Uint8Array): Vp9Frame | null {
  const frame = firstFrame(sample);
  const bits = bitReader(frame);
  try {
    if (bits.read(2) !== FRAME_MARKER) return null;
    const profile = bits.read(1) + 2 * bits.read(1);
    if (profile === 3) bits.skip(1);
    const showsExisting = bits.readFlag();
    const isKeyFrame = bits.read(1) === 0;
    bits.skip(2);
    if (showsExisting || !isKeyFrame || bits.read(24) !== SYNC_CODE) return null;
    const colour = readColour(bits, profile);
    const [width, height] = [bits.read(16) + 1, bits.read(16) + 1];
    return { bytes: shown(frame, profile), width, height, ...colour };
  } catch {
    // The header breaks off.
    return null;
  }
}
