/** Parses picture parameter sets; ITU-T H.264 §7.3.2.2. */
import { bitReader, removeEmulationPrevention } from "../../inspect/video/codecs/bitReader.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { readScalingLists, type CodedScalingLists } from "./scalingLists.ts";
import { MAX_PARAMETER_SET_BYTES } from "./sequenceParameters.ts";

const MAX_PICTURE_SETS = 256;
const MAX_CHROMA_QP_OFFSET = 12;

export interface PictureParameters {
  sequenceId: number;
  isCabac: boolean;
  /** bottom_field_pic_order_in_frame_present_flag. */
  hasFieldOrder: boolean;
  initialQp: number;
  cbOffset: number;
  crOffset: number;
  /** deblocking_filter_control_present_flag. */
  hasFilterControl: boolean;
  hasRedundantPictures: boolean;
  allowsTransform8: boolean;
  scaling: CodedScalingLists | null;
}

/** Returns pic_parameter_set_id of a NAL unit. Throws a RangeError if it is invalid. */
export function pictureId(unit: Uint8Array): number {
  const id = bitReader(removeEmulationPrevention(unit.subarray(1, 16))).readExpGolomb();
  if (id >= MAX_PICTURE_SETS) throw new RangeError("pic_parameter_set_id is invalid");
  return id;
}

/** Number of bits before the stop bit; H.264 §7.3.2.11. */
function dataBits(bytes: Uint8Array): number {
  const last = bytes.findLastIndex((byte) => byte !== 0);
  return last < 0 ? 0 : last * 8 + 7 - (31 - Math.clz32((bytes[last] ?? 0) & -(bytes[last] ?? 0)));
}

function checkedOffset(offset: number): number {
  if (Math.abs(offset) > MAX_CHROMA_QP_OFFSET) throw new RangeError("chroma_qp_index_offset is invalid");
  return offset;
}

/** Parses a NAL unit. Throws `UnsupportedImageError` for slice groups, a RangeError for invalid or truncated data. */
export function parsePictureParameters(unit: Uint8Array): PictureParameters {
  const bytes = removeEmulationPrevention(unit.subarray(1, MAX_PARAMETER_SET_BYTES));
  const bits = bitReader(bytes);
  bits.readExpGolomb();
  const sequenceId = bits.readExpGolomb();
  const isCabac = bits.readFlag();
  const hasFieldOrder = bits.readFlag();
  if (bits.readExpGolomb() > 0) throw new UnsupportedImageError("H.264 with several slice groups");
  bits.readExpGolomb();
  bits.readExpGolomb();
  bits.skip(3);
  const initialQp = 26 + bits.readSignedExpGolomb();
  bits.readSignedExpGolomb();
  const cbOffset = checkedOffset(bits.readSignedExpGolomb());
  const hasFilterControl = bits.readFlag();
  // constrained_intra_pred_flag changes nothing in a picture without inter macroblocks.
  bits.skip(1);
  const hasRedundantPictures = bits.readFlag();
  const base = { sequenceId, isCabac, hasFieldOrder, initialQp, cbOffset, hasFilterControl, hasRedundantPictures };
  if (bits.position() >= dataBits(bytes))
    return { ...base, crOffset: cbOffset, allowsTransform8: false, scaling: null };
  const allowsTransform8 = bits.readFlag();
  const scaling = bits.readFlag() ? readScalingLists(bits, allowsTransform8 ? 8 : 6) : null;
  return { ...base, allowsTransform8, scaling, crOffset: checkedOffset(bits.readSignedExpGolomb()) };
}
