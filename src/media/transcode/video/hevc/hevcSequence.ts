/** Reads sequence parameter sets of HEVC up to the colour of the pictures; ITU-T H.265 §7.3.2.2. */
import { viewOf } from "../../../inspect/bytes/bytes.ts";
import { type BitReader, bitReader, removeEmulationPrevention } from "../../../inspect/video/codecs/bitReader.ts";
import { readH265Head, type SequenceHead } from "../../../inspect/video/codecs/sequenceParameterSet.ts";
import { readVideoUsability, UNSPECIFIED_USABILITY, type VideoUsability } from "../../h264/videoUsability.ts";

export type HevcSequence = SequenceHead & VideoUsability;

/** Bounds of H.265 §7.4.3.2.1 and §7.4.8: larger counts are damage. */
const MAX_REFERENCE_SETS = 64;
const MAX_REFERENCES = 16;
const MAX_LONG_TERM_REFERENCES = 32;

function readCount(bits: BitReader, max: number): number {
  const count = bits.readExpGolomb();
  if (count > max) throw new RangeError("the HEVC header is damaged");
  return count;
}

function skipExpGolomb(bits: BitReader, count: number): void {
  for (let left = count; left > 0; left--) bits.readExpGolomb();
}

/** scaling_list_data, §7.3.4: lists of four sizes, six each but two of the largest size. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++)
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (bits.readFlag()) skipExpGolomb(bits, Math.min(64, 16 << (2 * size)) + (size > 1 ? 1 : 0));
      else bits.readExpGolomb();
    }
}

/** st_ref_pic_set, §7.3.7. Returns the number of its pictures; `previous` is that of the set before it. */
function skipReferenceSet(bits: BitReader, previous: number | null): number {
  if (previous !== null && bits.readFlag()) {
    bits.skip(1);
    bits.readExpGolomb();
    let pictures = 0;
    for (let left = previous + 1; left > 0; left--) if (bits.readFlag() || bits.readFlag()) pictures++;
    return pictures;
  }
  const pictures = readCount(bits, MAX_REFERENCES) + readCount(bits, MAX_REFERENCES);
  for (let left = pictures; left > 0; left--) {
    bits.readExpGolomb();
    bits.skip(1);
  }
  return pictures;
}

function skipReferenceSets(bits: BitReader): void {
  let previous: number | null = null;
  for (let left = readCount(bits, MAX_REFERENCE_SETS); left > 0; left--) previous = skipReferenceSet(bits, previous);
}

function skipPcm(bits: BitReader): void {
  if (!bits.readFlag()) return;
  bits.skip(8);
  skipExpGolomb(bits, 2);
  bits.skip(1);
}

function skipLongTermReferences(bits: BitReader, lsbBits: number): void {
  if (bits.readFlag()) bits.skip(readCount(bits, MAX_LONG_TERM_REFERENCES) * (lsbBits + 1));
}

function readUsability(bits: BitReader, subLayers: number): VideoUsability {
  skipExpGolomb(bits, 2);
  const lsbBits = readCount(bits, 12) + 4;
  skipExpGolomb(bits, 3 * (bits.readFlag() ? subLayers + 1 : 1));
  skipExpGolomb(bits, 6);
  if (bits.readFlag() && bits.readFlag()) skipScalingLists(bits);
  bits.skip(2);
  skipPcm(bits);
  skipReferenceSets(bits);
  skipLongTermReferences(bits, lsbBits);
  bits.skip(2);
  return bits.readFlag() ? readVideoUsability(bits) : UNSPECIFIED_USABILITY;
}

/**
 * Parses a parameter set without its two-byte NAL header. The colour is unspecified if the set breaks off before it.
 * Throws a RangeError if it breaks off before the size.
 */
export function parseHevcSequence(unit: Uint8Array): HevcSequence {
  const bits = bitReader(removeEmulationPrevention(unit));
  const head = readH265Head(bits);
  try {
    return { ...head, ...readUsability(bits, head.subLayers) };
  } catch (error) {
    if (error instanceof RangeError) return { ...head, ...UNSPECIFIED_USABILITY };
    throw error;
  }
}

/** Fixed fields of hvcC, before its arrays of parameter sets; ISO/IEC 14496-15 §8.3.2.1. */
const ARRAYS_AT = 22;
const SEQUENCE_SET = 33;
const UNIT_HEAD_BYTES = 2;

/** Parses the sequence parameter sets of hvcC, up to a damaged one. */
export function readConfiguredSequences(configuration: Uint8Array): HevcSequence[] {
  const view = viewOf(configuration);
  const sequences: HevcSequence[] = [];
  try {
    let at = ARRAYS_AT + 1;
    for (let left = view.getUint8(ARRAYS_AT); left > 0; left--) {
      const type = view.getUint8(at) & 63;
      let units = view.getUint16(at + 1);
      for (at += 3; units > 0; units--) {
        const length = view.getUint16(at);
        const unit = configuration.subarray(at + 2 + UNIT_HEAD_BYTES, at + 2 + length);
        if (type === SEQUENCE_SET) sequences.push(parseHevcSequence(unit));
        at += 2 + length;
      }
    }
  } catch {
    // The configuration breaks off.
  }
  return sequences;
}

/** Parses the first sequence parameter set of hvcC; null if it is missing or damaged. */
export function readConfiguredSequence(configuration: Uint8Array): HevcSequence | null {
  return readConfiguredSequences(configuration)[0] ?? null;
}
