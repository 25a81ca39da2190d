/**
 * Decodes a key frame of H.264 to planes of YCbCr, from the specification (ITU-T H.264, edition 2021-08): I slices of
 * Baseline, Main and High with 8 bits in 4:2:0 or grey, CAVLC and CABAC, all intra prediction modes, scaling matrices,
 * several slices in any order and the deblocking filter. Interlaced fields, MBAFF, other chroma formats and depths,
 * lossless coding, slice groups, data partitioning and SI slices are refused with the reason, and so is damaged data.
 * The kernel is wasm/h264/; docs/decisions/0049 has figures.
 */
import { decoderMemory, DecoderMemoryError, type DecoderMemory } from "../decoderMemory.ts";
import type { Plane, Planes } from "../heif/planes.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { startH264Kernel, type H264Kernel } from "./h264Kernel.ts";
import { MAX_NAL_UNITS } from "./nalUnits.ts";
import { parsePictureParameters, pictureId, type PictureParameters } from "./pictureParameters.ts";
import { levelScales, scalingListsOf } from "./scalingLists.ts";
import { parseSequenceParameters, sequenceId, type SequenceParameters } from "./sequenceParameters.ts";
import { parseSliceHeader, parseSliceStart, type SliceHeader } from "./sliceHeader.ts";
import type { VideoUsability } from "./videoUsability.ts";

/** Memory of the kernel: the picture (12.4 MB at 3840 × 2160), 64 bytes a macroblock and its largest slice. */
export const MAX_H264_MEMORY_BYTES = 64 * 1024 * 1024;

/** Largest key frame: 4K at 200 Mbit/s has about 2 MB. */
export const MAX_KEY_FRAME_BYTES = 12 * 1024 * 1024;

export interface H264Picture extends VideoUsability {
  /** Views of the shown part of the picture. Unspecified matrix coefficients (2) are kept. */
  planes: Planes;
}

export type H264Result =
  | { kind: "picture"; picture: H264Picture; peakBytes: number }
  | { kind: "unsupported"; reason: string };

/** nal_unit_type; H.264 Table 7-1. */
const UNIT = {
  slice: 1,
  partitionA: 2,
  partitionC: 4,
  idr: 5,
  sequence: 7,
  picture: 8,
  delimiter: 9,
  end: 10,
} as const;

const DAMAGED_SLICE = "the data of an H.264 slice is damaged";

/** Thrown for invalid data. Its message is the recorded reason. */
class DamagedStreamError extends Error {}

interface ParameterSets {
  sequences: Map<number, Uint8Array>;
  pictures: Map<number, Uint8Array>;
}

/** Parameter sets that a slice refers to. */
interface ActiveParameters {
  sequence: SequenceParameters;
  parameters: PictureParameters;
}

/** A picture whose slices are being decoded. */
interface OpenPicture {
  kernel: H264Kernel;
  sequence: SequenceParameters;
  /** Id of the picture parameter set whose scaling matrices the kernel has. */
  scaledBy: number;
  slices: number;
  identity: string;
}

function typeOf(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 31;
}

/** Keeps parameter sets as they are: those that no slice uses may be of any kind. */
function addParameterSet({ sequences, pictures }: ParameterSets, unit: Uint8Array): void {
  if (typeOf(unit) === UNIT.sequence) sequences.set(sequenceId(unit), unit);
  else pictures.set(pictureId(unit), unit);
}

function activate({ sequences, pictures }: ParameterSets, id: number): ActiveParameters {
  const pictureUnit = pictures.get(id);
  if (pictureUnit === undefined) throw new DamagedStreamError("a picture parameter set of the H.264 stream is missing");
  const parameters = parsePictureParameters(pictureUnit);
  const sequenceUnit = sequences.get(parameters.sequenceId);
  if (sequenceUnit === undefined)
    throw new DamagedStreamError("a sequence parameter set of the H.264 stream is missing");
  return { parameters, sequence: parseSequenceParameters(sequenceUnit) };
}

function openPicture({ sequence }: ActiveParameters, identity: string, sliceBytes: number, budget: DecoderMemory) {
  const kernel = startH264Kernel(sequence, sliceBytes, budget);
  return { kernel, sequence, scaledBy: -1, slices: 0, identity };
}

async function decodeSlice(
  picture: OpenPicture,
  unit: Uint8Array,
  header: SliceHeader,
  { parameters }: ActiveParameters,
): Promise<void> {
  picture.slices++;
  const { isCabac, allowsTransform8, cbOffset, crOffset } = parameters;
  const fields = { ...header, number: picture.slices, isCabac, allowsTransform8, cbOffset, crOffset };
  if (!(await picture.kernel.decodeSlice(unit, header.headerBits, fields))) throw new DamagedStreamError(DAMAGED_SLICE);
}

function applyScaling(picture: OpenPicture, id: number, { parameters }: ActiveParameters): void {
  if (picture.scaledBy === id) return;
  picture.kernel.setLevelScales(levelScales(scalingListsOf(picture.sequence.scaling, parameters.scaling)));
  picture.scaledBy = id;
}

/** The part of a plane that is shown. */
function cropped({ bytes, strideBytes }: Plane, left: number, top: number): Plane {
  return { bytes: bytes.subarray(top * strideBytes + left), strideBytes };
}

function shownPicture({ kernel, sequence }: OpenPicture): H264Picture {
  const { crop, isMonochrome, usability } = sequence;
  const [luma, blue, red] = kernel.planes();
  const chromaOf = (plane: Plane) => cropped(plane, crop.left >> 1, crop.top >> 1);
  const planes: Planes = {
    width: sequence.width * 16 - crop.left - crop.right,
    height: sequence.height * 16 - crop.top - crop.bottom,
    bits: 8,
    luma: cropped(luma, crop.left, crop.top),
    chroma: isMonochrome ? null : { blue: chromaOf(blue), red: chromaOf(red), xShift: 1, yShift: 1 },
    matrix: usability.matrix,
    isFullRange: usability.isFullRange,
  };
  return { ...usability, planes };
}

/** Whether a unit after the first slice starts another access unit; H.264 §7.4.1.2.3. */
function endsPicture(type: number): boolean {
  return type >= UNIT.sequence && type <= UNIT.end + 1;
}

function isSlice(type: number): boolean {
  if (type >= UNIT.partitionA && type <= UNIT.partitionC)
    throw new UnsupportedImageError("H.264 with data partitioning");
  return type === UNIT.slice || type === UNIT.idr;
}

/** Decodes the first picture of the units until it is complete or another one starts. */
async function decodePicture(units: readonly Uint8Array[], budget: DecoderMemory): Promise<OpenPicture> {
  const sets: ParameterSets = { sequences: new Map(), pictures: new Map() };
  const sliceBytes = Math.max(0, ...units.map((unit) => (isSliceType(unit) ? unit.length : 0)));
  let picture: OpenPicture | null = null;
  for (const unit of units) {
    const type = typeOf(unit);
    if (picture !== null && (endsPicture(type) || picture.kernel.isComplete())) break;
    if (type === UNIT.sequence || type === UNIT.picture) addParameterSet(sets, unit);
    if (!isSlice(type)) continue;
    const start = parseSliceStart(unit);
    const active = activate(sets, start.pictureId);
    const header = parseSliceHeader(unit, active.sequence, active.parameters);
    if (header.isRedundant) continue;
    if (picture !== null && picture.identity !== header.picture) break;
    if (!start.isIntra) throw new UnsupportedImageError("the H.264 picture isn't a key frame");
    picture ??= openPicture(active, header.picture, sliceBytes, budget);
    applyScaling(picture, start.pictureId, active);
    await decodeSlice(picture, unit, header, active);
  }
  if (picture === null) throw new DamagedStreamError("the H.264 data contains no slice");
  if (!picture.kernel.isComplete()) throw new DamagedStreamError("the H.264 picture lacks slices");
  return picture;
}

function isSliceType(unit: Uint8Array): boolean {
  return typeOf(unit) === UNIT.slice || typeOf(unit) === UNIT.idr;
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return `the H.264 headers are damaged: ${error.message}`;
  const isExpected =
    error instanceof UnsupportedImageError ||
    error instanceof DamagedStreamError ||
    error instanceof DecoderMemoryError;
  if (isExpected) return error.message;
  throw error;
}

/**
 * Decodes the first picture of NAL units: parameter sets, then the slices of an access unit, as `annexBUnits`,
 * `lengthPrefixedUnits` and `parseAvcConfiguration` return them. Takes the kernel's memory, `MAX_H264_MEMORY_BYTES` at
 * most, which lives as long as the planes.
 */
export async function decodeKeyFrame(units: readonly Uint8Array[]): Promise<H264Result> {
  const sizeBytes = units.reduce((sum, unit) => sum + unit.length, 0);
  if (sizeBytes > MAX_KEY_FRAME_BYTES || units.length > MAX_NAL_UNITS)
    return { kind: "unsupported", reason: "the H.264 key frame is too large" };
  const budget = decoderMemory(MAX_H264_MEMORY_BYTES);
  try {
    const picture = await decodePicture(units, budget);
    await picture.kernel.deblock();
    return { kind: "picture", picture: shownPicture(picture), peakBytes: picture.kernel.memoryBytes() };
  } catch (error) {
    return { kind: "unsupported", reason: reasonOf(error) };
  }
}
