/** Parses sequence parameter sets for the decoder; ITU-T H.264 §7.3.2.1.1 and Annex E. */
import { type BitReader, bitReader, removeEmulationPrevention } from "../../inspect/video/codecs/bitReader.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { readScalingLists, type CodedScalingLists } from "./scalingLists.ts";
import { readVideoUsability, UNSPECIFIED_USABILITY, type VideoUsability } from "./videoUsability.ts";

/** More than a parameter set with all lists, cycles and timing takes. */
export const MAX_PARAMETER_SET_BYTES = 8 * 1024;

/** Longest side of a coded picture: level 6.2 allows 16,880 pixels (Table A-1). */
export const MAX_H264_EDGE_PX = 16_384;

const MACROBLOCK_PX = 16;
const MAX_PARAMETER_SETS = 32;
const MAX_ORDER_CYCLE = 255;

/** Profiles whose parameter set contains chroma_format_idc; §7.3.2.1.1. */
const profilesWithChromaFormat = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

export interface PictureOrder {
  type: number;
  lsbBits: number;
  isDeltaAlwaysZero: boolean;
}

export interface SequenceParameters {
  /** Size in macroblocks. */
  width: number;
  height: number;
  isMonochrome: boolean;
  /** Pixels that are not shown. */
  crop: { left: number; right: number; top: number; bottom: number };
  frameNumberBits: number;
  pictureOrder: PictureOrder;
  /** frame_mbs_only_flag: no field pictures. */
  hasFramesOnly: boolean;
  scaling: CodedScalingLists | null;
  usability: VideoUsability;
}

interface SampleFormat {
  isMonochrome: boolean;
  scaling: CodedScalingLists | null;
}

const CHROMA_NAMES = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"];

function readSampleFormat(bits: BitReader): SampleFormat {
  const chroma = bits.readExpGolomb();
  if (chroma > 1)
    throw new UnsupportedImageError(`H.264 with chroma ${CHROMA_NAMES[chroma] ?? "of an unknown format"}`);
  const lumaBits = 8 + bits.readExpGolomb();
  const chromaBits = 8 + bits.readExpGolomb();
  // Without chroma its depth has no meaning.
  const depth = chroma === 0 ? lumaBits : Math.max(lumaBits, chromaBits);
  if (depth > 8) throw new UnsupportedImageError(`H.264 with ${depth} bits a sample`);
  if (bits.readFlag()) throw new UnsupportedImageError("H.264 without loss");
  return { isMonochrome: chroma === 0, scaling: bits.readFlag() ? readScalingLists(bits, 8) : null };
}

function readPictureOrder(bits: BitReader): PictureOrder {
  const type = bits.readExpGolomb();
  if (type > 2) throw new RangeError("pic_order_cnt_type is invalid");
  if (type === 0) return { type, lsbBits: readFieldWidth(bits), isDeltaAlwaysZero: true };
  if (type === 2) return { type, lsbBits: 0, isDeltaAlwaysZero: true };
  const isDeltaAlwaysZero = bits.readFlag();
  bits.readExpGolomb();
  bits.readExpGolomb();
  const cycle = bits.readExpGolomb();
  if (cycle > MAX_ORDER_CYCLE) throw new RangeError("num_ref_frames_in_pic_order_cnt_cycle is invalid");
  for (let i = 0; i < cycle; i++) bits.readExpGolomb();
  return { type, lsbBits: 0, isDeltaAlwaysZero };
}

/** Reads the width of a field, coded as 4 less. */
function readFieldWidth(bits: BitReader): number {
  const width = bits.readExpGolomb() + 4;
  if (width > 16) throw new RangeError("a field of the sequence parameter set is invalid");
  return width;
}

function assertSide(macroblocks: number): void {
  if (macroblocks * MACROBLOCK_PX > MAX_H264_EDGE_PX)
    throw new UnsupportedImageError(`H.264 with more than ${MAX_H264_EDGE_PX} pixels a side`);
}

/** Reads the frame cropping rectangle; H.264 (7-19) to (7-22). */
function readCrop(bits: BitReader, unitX: number, unitY: number): SequenceParameters["crop"] {
  if (!bits.readFlag()) return { left: 0, right: 0, top: 0, bottom: 0 };
  const [left, right] = [bits.readExpGolomb() * unitX, bits.readExpGolomb() * unitX];
  return { left, right, top: bits.readExpGolomb() * unitY, bottom: bits.readExpGolomb() * unitY };
}

/** Returns seq_parameter_set_id of a NAL unit. Throws a RangeError if it is invalid. */
export function sequenceId(unit: Uint8Array): number {
  const bits = bitReader(removeEmulationPrevention(unit.subarray(1, 16)));
  bits.skip(24);
  const id = bits.readExpGolomb();
  if (id >= MAX_PARAMETER_SETS) throw new RangeError("seq_parameter_set_id is invalid");
  return id;
}

/**
 * Parses a NAL unit. Throws `UnsupportedImageError` for formats that the decoder lacks, a RangeError for invalid or
 * truncated data.
 */
export function parseSequenceParameters(unit: Uint8Array): SequenceParameters {
  const bits = bitReader(removeEmulationPrevention(unit.subarray(1, MAX_PARAMETER_SET_BYTES)));
  const profile = bits.read(8);
  bits.skip(16);
  bits.readExpGolomb();
  const format = profilesWithChromaFormat.has(profile)
    ? readSampleFormat(bits)
    : { isMonochrome: false, scaling: null };
  const frameNumberBits = readFieldWidth(bits);
  const pictureOrder = readPictureOrder(bits);
  bits.readExpGolomb();
  bits.skip(1);
  const width = bits.readExpGolomb() + 1;
  const heightUnits = bits.readExpGolomb() + 1;
  const hasFramesOnly = bits.readFlag();
  const height = heightUnits * (hasFramesOnly ? 1 : 2);
  assertSide(width);
  assertSide(height);
  if (!hasFramesOnly && bits.readFlag())
    throw new UnsupportedImageError("H.264 with macroblocks of fields (MBAFF interlacing)");
  bits.skip(1);
  const unitX = format.isMonochrome ? 1 : 2;
  const crop = readCrop(bits, unitX, unitX * (hasFramesOnly ? 1 : 2));
  const isEmpty = crop.left + crop.right >= width * MACROBLOCK_PX || crop.top + crop.bottom >= height * MACROBLOCK_PX;
  if (isEmpty) throw new RangeError("the frame cropping rectangle is empty");
  const usability = bits.readFlag() ? readVideoUsability(bits) : UNSPECIFIED_USABILITY;
  return { width, height, crop, frameNumberBits, pictureOrder, hasFramesOnly, usability, ...format };
}
