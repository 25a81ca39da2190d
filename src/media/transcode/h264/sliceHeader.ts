/** Parses slice headers of intra pictures; ITU-T H.264 §7.3.3. */
import { type BitReader, bitReader, removeEmulationPrevention } from "../../inspect/video/codecs/bitReader.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import type { PictureParameters } from "./pictureParameters.ts";
import type { SequenceParameters } from "./sequenceParameters.ts";

/** More than a header with all memory management operations takes. */
const MAX_HEADER_BYTES = 1024;
export const IDR_SLICE = 5;
const I_SLICE = 2;

export interface SliceStart {
  firstMacroblock: number;
  isIntra: boolean;
  pictureId: number;
}

export interface SliceHeader {
  firstMacroblock: number;
  qp: number;
  filterMode: number;
  filterOffsetA: number;
  filterOffsetB: number;
  isRedundant: boolean;
  /** Size of the NAL unit's and the slice's header, without emulation prevention bytes. */
  headerBits: number;
  /** Values in which the slices of one picture agree; H.264 §7.4.1.2.4. */
  picture: string;
}

function headerReader(unit: Uint8Array): BitReader {
  return bitReader(removeEmulationPrevention(unit.subarray(0, MAX_HEADER_BYTES)));
}

function readStart(bits: BitReader): SliceStart {
  bits.skip(8);
  const firstMacroblock = bits.readExpGolomb();
  const type = bits.readExpGolomb();
  return { firstMacroblock, isIntra: type % 5 === I_SLICE, pictureId: bits.readExpGolomb() };
}

/** Reads the fields in front of those that depend on parameter sets. Throws a RangeError if truncated. */
export function parseSliceStart(unit: Uint8Array): SliceStart {
  return readStart(headerReader(unit));
}

function readOrder(bits: BitReader, { pictureOrder }: SequenceParameters, hasFieldOrder: boolean): number[] {
  if (pictureOrder.type === 0) {
    const lsb = bits.read(pictureOrder.lsbBits);
    return hasFieldOrder ? [lsb, bits.readSignedExpGolomb()] : [lsb];
  }
  if (pictureOrder.isDeltaAlwaysZero) return [];
  const delta = bits.readSignedExpGolomb();
  return hasFieldOrder ? [delta, bits.readSignedExpGolomb()] : [delta];
}

/** Skips dec_ref_pic_marking; H.264 §7.3.3.3. */
function skipReferenceMarking(bits: BitReader, isIdr: boolean): void {
  if (isIdr) bits.skip(2);
  else if (bits.readFlag())
    for (let operation = bits.readExpGolomb(); operation !== 0; operation = bits.readExpGolomb()) {
      if (operation > 6) throw new RangeError("a memory management operation is invalid");
      if (operation !== 5) bits.readExpGolomb();
      if (operation === 3) bits.readExpGolomb();
    }
}

interface Filter {
  filterMode: number;
  filterOffsetA: number;
  filterOffsetB: number;
}

function readFilter(bits: BitReader): Filter {
  const filterMode = bits.readExpGolomb();
  if (filterMode > 2) throw new RangeError("disable_deblocking_filter_idc is invalid");
  if (filterMode === 1) return { filterMode, filterOffsetA: 0, filterOffsetB: 0 };
  const [filterOffsetA, filterOffsetB] = [2 * bits.readSignedExpGolomb(), 2 * bits.readSignedExpGolomb()];
  if (Math.max(Math.abs(filterOffsetA), Math.abs(filterOffsetB)) > 12)
    throw new RangeError("a deblocking filter offset is invalid");
  return { filterMode, filterOffsetA, filterOffsetB };
}

/** Parses the header of an I slice. Throws `UnsupportedImageError` for fields, a RangeError for invalid data. */
export function parseSliceHeader(
  unit: Uint8Array,
  sequence: SequenceParameters,
  parameters: PictureParameters,
): SliceHeader {
  const bits = headerReader(unit);
  const isIdr = ((unit[0] ?? 0) & 31) === IDR_SLICE;
  const isReference = ((unit[0] ?? 0) & 0x60) !== 0;
  const { firstMacroblock } = readStart(bits);
  const frameNumber = bits.read(sequence.frameNumberBits);
  if (!sequence.hasFramesOnly && bits.readFlag()) throw new UnsupportedImageError("H.264 with interlaced fields");
  const idrId = isIdr ? bits.readExpGolomb() : -1;
  const order = readOrder(bits, sequence, parameters.hasFieldOrder);
  const isRedundant = parameters.hasRedundantPictures && bits.readExpGolomb() > 0;
  if (isReference) skipReferenceMarking(bits, isIdr);
  const qp = parameters.initialQp + bits.readSignedExpGolomb();
  if (qp < 0 || qp > 51) throw new RangeError("the QP of a slice is invalid");
  const filter = parameters.hasFilterControl ? readFilter(bits) : { filterMode: 0, filterOffsetA: 0, filterOffsetB: 0 };
  const picture = [parameters.sequenceId, frameNumber, isReference, idrId, ...order].join(" ");
  return { firstMacroblock, qp, ...filter, isRedundant, headerBits: bits.position(), picture };
}
