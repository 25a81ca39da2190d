/**
 * Decodes an intra picture of MPEG-1 or MPEG-2 video, from the standards: frames and fields, 4:2:0 and 4:2:2, both
 * tables of coefficients, both scans and matrices. The kernel is wasm/mpeg/.
 */
import { startCodeUnits } from "../../inspect/video/codecs/bitReader.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import {
  displaySequence,
  extendPicture,
  EXTENSIONS,
  extendSequence,
  parsePicture,
  parseSequence,
  replaceMatrices,
  type Mpeg2Picture,
  type Mpeg2Sequence,
} from "./mpeg2Headers.ts";
import { EDGE_PX, startMpegKernel, type MpegKernel } from "./mpegKernel.ts";
import { MAX_MPEG_MEMORY_BYTES, MAX_MPEG_PIXELS, type MpegPicture } from "./mpegPicture.ts";

/** Values behind a start code; ISO/IEC 13818-2 Table 6-1. */
const CODES = { picture: 0x00, lastSlice: 0xaf, sequence: 0xb3, extension: 0xb5 };
/** Headers and slices of a sample: 4K has 144 rows. */
export const MAX_MPEG_UNITS = 20_000;
/** A picture of more lines has more bits in its slices; §6.3.16. */
const TALL_LINES = 2800;
const ROW_BITS = 7;
const BOTH_FIELDS = 3;
const DAMAGED = "the MPEG picture is damaged";

interface Reading {
  /** Pictures of a film have the same kernel. */
  film: object;
  header: Uint8Array;
  sequence: Mpeg2Sequence | null;
  picture: Mpeg2Picture | null;
  kernel: MpegKernel | null;
  /** Fields that were decoded: 1 for the top one, 2 for the bottom one, 3 for both. */
  fields: number;
}

function requireSequence({ sequence }: Reading): Mpeg2Sequence {
  if (sequence === null) throw new UnsupportedImageError("the MPEG video has no sequence header");
  return sequence;
}

function readExtension(reading: Reading, content: Uint8Array): void {
  const { header, picture } = reading;
  const kind = (content[0] ?? 0) >> 4;
  const sequence = requireSequence(reading);
  if (kind === EXTENSIONS.sequence) reading.sequence = extendSequence(sequence, header, content);
  else if (kind === EXTENSIONS.display) reading.sequence = displaySequence(sequence, content);
  else if (kind === EXTENSIONS.matrices) reading.sequence = replaceMatrices(sequence, content);
  else if (kind === EXTENSIONS.coding && picture !== null) reading.picture = extendPicture(picture, content);
}

function startPicture(sequence: Mpeg2Sequence, sampleBytes: number, film: object): MpegKernel {
  const { width, height, chromaFormat, isProgressive } = sequence;
  if (width < 1 || height < 1 || width * height > MAX_MPEG_PIXELS)
    throw new UnsupportedImageError(`MPEG video of ${width} × ${height} pixels is too large to decode`);
  if (chromaFormat !== 1 && chromaFormat !== 2) throw new UnsupportedImageError("MPEG-2 video of 4:4:4");
  // Each field has whole macroblocks; §6.3.3.
  const rows = isProgressive ? Math.ceil(height / EDGE_PX) : 2 * Math.ceil(height / (2 * EDGE_PX));
  const size = { width, height, rows, yShift: chromaFormat === 1 ? 1 : 0, isPredicted: false };
  return startMpegKernel(size, sampleBytes, { budget: decoderMemory(MAX_MPEG_MEMORY_BYTES), film });
}

/** Fields of `Coding` in wasm/mpeg/mpeg2.ts. */
function codingOf({ isMpeg1 }: Mpeg2Sequence, picture: Mpeg2Picture): number[] {
  const flags = [picture.usesTableOne, picture.alternatesScan, picture.hasNonlinearScale, picture.hasDctType];
  return [isMpeg1 ? 1 : 0, picture.dcPrecision, ...flags.map(Number), picture.field];
}

/** Decodes a slice, whose start code has the row. */
function decodeSlice(reading: Reading, picture: Mpeg2Picture, unit: Uint8Array, sampleBytes: number): void {
  const sequence = requireSequence(reading);
  if (picture.hasConcealmentVectors) throw new UnsupportedImageError("MPEG-2 video with concealment motion vectors");
  reading.kernel ??= startPicture(sequence, sampleBytes, reading.film);
  const { kernel, memory, setFields, writeData } = reading.kernel;
  const isTall = sequence.height > TALL_LINES;
  const row = (unit[0] ?? 0) - 1 + (isTall ? ((unit[1] ?? 0) >> 5) << ROW_BITS : 0);
  const rows = picture.field === 0 ? reading.kernel.rows : reading.kernel.rows >> 1;
  if (row >= rows) throw new UnsupportedImageError("a slice of the MPEG video is outside of the picture");
  setFields("codingAt", codingOf(sequence, picture));
  const matrices = kernel.function("matricesAt")();
  memory.set(sequence.luma, matrices);
  memory.set(sequence.chroma, matrices + sequence.luma.length);
  const start = writeData(unit.subarray(1));
  if (kernel.function("decodeSlice")(start, start + unit.length - 1, row, isTall ? 1 : 0) === 0)
    throw new UnsupportedImageError(DAMAGED);
  reading.fields |= picture.field === 0 ? BOTH_FIELDS : picture.field;
}

/** Reads a unit; false behind the intra picture. */
function readUnit(reading: Reading, unit: Uint8Array, sampleBytes: number): boolean {
  const code = unit[0] ?? CODES.sequence;
  const content = unit.subarray(1);
  if (code === CODES.sequence) {
    if (reading.kernel !== null) return false;
    [reading.header, reading.sequence] = [content, parseSequence(content)];
  } else if (code === CODES.picture) {
    if (reading.fields === BOTH_FIELDS) return false;
    reading.picture = parsePicture(content);
  } else if (code === CODES.extension) readExtension(reading, content);
  else if (code <= CODES.lastSlice && reading.picture?.isIntra === true)
    decodeSlice(reading, reading.picture, unit, sampleBytes);
  return true;
}

/** Shows a picture of one field in all lines: the other field is another moment, or predicted. */
function complete({ kernel, fields }: Reading): MpegKernel {
  if (kernel === null) throw new UnsupportedImageError("the MPEG video has no intra picture");
  const macroblocks = (kernel.columns * kernel.rows) >> (fields === BOTH_FIELDS ? 0 : 1);
  if (kernel.decodedMacroblocks() !== macroblocks) throw new UnsupportedImageError(DAMAGED);
  if (fields !== BOTH_FIELDS) kernel.kernel.function("repeatField")(fields - 1);
  return kernel;
}

/**
 * Decodes the first intra picture of a sample, which its headers precede. Throws `UnsupportedImageError`,
 * `DecoderMemoryError` and RangeError with the reason.
 */
export async function decodeMpeg2(sample: Uint8Array, film: object): Promise<MpegPicture> {
  const reading: Reading = { film, header: sample, sequence: null, picture: null, kernel: null, fields: 0 };
  let units = 0;
  for (const unit of startCodeUnits(sample)) {
    if (++units > MAX_MPEG_UNITS) throw new UnsupportedImageError("the MPEG picture has too many slices");
    if (!readUnit(reading, unit, sample.length)) break;
    await yieldToRequests(unit.length * 16);
  }
  const { planes } = complete(reading);
  const { matrix, pixelAspect } = requireSequence(reading);
  return { planes: { ...planes(), matrix, isFullRange: false }, pixelAspect };
}
