/** Turns a byte stream of HEVC (ITU-T H.265 Annex B) into a sample with a configuration; ISO/IEC 14496-15 §8.3. */
import { concat } from "../../../inspect/bytes/bytes.ts";
import { bitReader, removeEmulationPrevention } from "../../../inspect/video/codecs/bitReader.ts";
import { readH265Head } from "../../../inspect/video/codecs/sequenceParameterSet.ts";

export interface HevcUnits {
  /** Content of hvcC. */
  configuration: Uint8Array;
  /** The units of the picture, each with its length in front. */
  sample: Uint8Array;
}

/** nal_unit_type of parameter sets and of the last type of slices; H.265 Table 7-1. */
const SET_TYPES = [32, 33, 34];
const SEQUENCE_SET = 33;
const LAST_SLICE_TYPE = 31;
const UNIT_HEAD_BYTES = 2;
const LENGTH_BYTES = 4;

function typeOf(unit: Uint8Array): number {
  return ((unit[0] ?? 0) >> 1) & 63;
}

/** Units of other layers are views for the other eye or enhancements. */
function isBaseLayer(unit: Uint8Array): boolean {
  return unit.length > UNIT_HEAD_BYTES && ((unit[0] ?? 0) & 1) === 0 && (unit[1] ?? 0) >> 3 === 0;
}

function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

/** Fixed fields of hvcC. Profile and level are copied; the others are the formats of the samples. */
function configurationHead(sequence: Uint8Array): Uint8Array {
  const plain = removeEmulationPrevention(sequence.subarray(UNIT_HEAD_BYTES));
  const bits = bitReader(plain);
  const { chromaFormat } = readH265Head(bits);
  const [lumaBits, chromaBits] = [bits.readExpGolomb(), bits.readExpGolomb()];
  const formats = [0xfc, 0xfc | chromaFormat, 0xf8 | lumaBits, 0xf8 | chromaBits];
  return concat([
    new Uint8Array([1]),
    plain.subarray(1, 13),
    new Uint8Array([0xf0, 0, ...formats, 0, 0, LENGTH_BYTES - 1]),
  ]);
}

function configurationOf(units: readonly Uint8Array[], sequence: Uint8Array): Uint8Array {
  const parts = [configurationHead(sequence), new Uint8Array([SET_TYPES.length])];
  for (const type of SET_TYPES) {
    const sets = units.filter((unit) => typeOf(unit) === type);
    parts.push(new Uint8Array([0x80 | type, ...u16(sets.length)]));
    for (const set of sets) parts.push(new Uint8Array(u16(set.length)), set);
  }
  return concat(parts);
}

function withLength(unit: Uint8Array): Uint8Array[] {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, unit.length);
  return [length, unit];
}

/**
 * Separates the parameter sets of a picture from its slices. Returns null if a sequence parameter set is missing or
 * damaged.
 */
export function separateUnits(units: readonly Uint8Array[]): HevcUnits | null {
  const base = units.filter((unit) => isBaseLayer(unit));
  const sequence = base.find((unit) => typeOf(unit) === SEQUENCE_SET);
  if (sequence === undefined) return null;
  try {
    const slices = base.filter((unit) => typeOf(unit) <= LAST_SLICE_TYPE);
    return { configuration: configurationOf(base, sequence), sample: concat(slices.flatMap(withLength)) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
