/**
 * Parses the sequence parameter sets of H.264 (ISO/IEC 14496-10 §7.3.2.1.1, E.1.1) and H.265 (ISO/IEC 23008-2
 * §7.3.2.2).
 */
import { type BitReader, bitReader, removeEmulationPrevention } from "./bitReader.ts";

export interface SequenceHeader {
  width: number;
  height: number;
  /** Unknown (null) without timing information. */
  framesPerSecond: number | null;
}

/** Profiles whose parameter set contains chroma_format_idc. */
const profilesWithChromaFormat = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
const EXTENDED_SAR = 255;

/** Parses an H.264 parameter set without its one-byte NAL header. Throws a RangeError if it is truncated. */
export function parseH264Sps(unit: Uint8Array): SequenceHeader {
  const bits = bitReader(removeEmulationPrevention(unit));
  const profile = bits.read(8);
  bits.skip(16);
  bits.readExpGolomb();
  const chroma = profilesWithChromaFormat.includes(profile) ? readChromaFormat(bits) : 1;
  skipPictureOrder(bits);
  const codedWidth = (bits.readExpGolomb() + 1) * 16;
  const codedHeight = (bits.readExpGolomb() + 1) * 16;
  const frameMbsOnly = bits.readFlag();
  const fieldsPerFrame = frameMbsOnly ? 1 : 2;
  bits.skip(frameMbsOnly ? 1 : 2);
  const [left = 0, right = 0, top = 0, bottom = 0] = bits.readFlag()
    ? [0, 0, 0, 0].map(() => bits.readExpGolomb())
    : [];
  return {
    width: codedWidth - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: (codedHeight - (top + bottom) * (chroma === 1 ? 2 : 1)) * fieldsPerFrame,
    framesPerSecond: bits.readFlag() ? readVuiFrameRate(bits) : null,
  };
}

function readChromaFormat(bits: BitReader): number {
  const chroma = bits.readExpGolomb();
  if (chroma === 3) bits.skip(1);
  bits.readExpGolomb();
  bits.readExpGolomb();
  bits.skip(1);
  if (bits.readFlag())
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) skipScalingList(bits, list < 6 ? 16 : 64);
  return chroma;
}

function skipScalingList(bits: BitReader, size: number): void {
  if (!bits.readFlag()) return;
  let next = 8;
  for (let i = 0; i < size && next !== 0; i++) next = (next + bits.readSignedExpGolomb() + 256) % 256;
}

/** Skips the frame number and picture order count fields. */
function skipPictureOrder(bits: BitReader): void {
  bits.readExpGolomb();
  const orderType = bits.readExpGolomb();
  if (orderType === 0) bits.readExpGolomb();
  if (orderType === 1) {
    bits.skip(1);
    bits.readExpGolomb();
    bits.readExpGolomb();
    for (let left = Math.min(bits.readExpGolomb(), 255); left > 0; left--) bits.readExpGolomb();
  }
  bits.readExpGolomb();
  bits.skip(1);
}

/** A tick is one field, so a frame takes two. */
function readVuiFrameRate(bits: BitReader): number | null {
  if (bits.readFlag() && bits.read(8) === EXTENDED_SAR) bits.skip(32);
  if (bits.readFlag()) bits.skip(1);
  if (bits.readFlag()) {
    bits.skip(4);
    if (bits.readFlag()) bits.skip(24);
  }
  if (bits.readFlag()) {
    bits.readExpGolomb();
    bits.readExpGolomb();
  }
  if (!bits.readFlag()) return null;
  const ticks = bits.read(32);
  const ticksPerSecond = bits.read(32);
  return ticks === 0 ? null : ticksPerSecond / (2 * ticks);
}

/** Start of an H.265 parameter set. */
export interface SequenceHead {
  width: number;
  height: number;
  /** 0 is grey, 1 is 4:2:0. */
  chromaFormat: number;
  /** Number of temporal sub-layers less 1. */
  subLayers: number;
}

/** Reads an H.265 parameter set, without its two-byte NAL header, up to the size. Throws a RangeError if truncated. */
export function readH265Head(bits: BitReader): SequenceHead {
  bits.skip(4);
  const subLayers = bits.read(3);
  bits.skip(1);
  skipProfile(bits, subLayers);
  bits.readExpGolomb();
  const chroma = bits.readExpGolomb();
  if (chroma === 3) bits.skip(1);
  const codedWidth = bits.readExpGolomb();
  const codedHeight = bits.readExpGolomb();
  const [left = 0, right = 0, top = 0, bottom = 0] = bits.readFlag()
    ? [0, 0, 0, 0].map(() => bits.readExpGolomb())
    : [];
  return {
    width: codedWidth - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: codedHeight - (top + bottom) * (chroma === 1 ? 2 : 1),
    chromaFormat: chroma,
    subLayers,
  };
}

/**
 * Parses an H.265 parameter set without its two-byte NAL header. The frame rate follows too many fields; callers
 * compute it from timestamps. Throws a RangeError if truncated.
 */
export function parseH265Sps(unit: Uint8Array): SequenceHeader {
  const { width, height } = readH265Head(bitReader(removeEmulationPrevention(unit)));
  return { width, height, framesPerSecond: null };
}

/** Skips profile_tier_level: 88 bits of profile and 8 of level, then those of each sub-layer that has its own. */
function skipProfile(bits: BitReader, subLayers: number): void {
  bits.skip(96);
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.readFlag(), level: bits.readFlag() }));
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}
