/**
 * Decodes an intra picture of MPEG-4 part 2 (Simple and Advanced Simple profile) or H.263, from the standards: both
 * quantizers, prediction of DC and AC, video packets and interlaced blocks. The kernel is wasm/mpeg/.
 */
import { concat } from "../../inspect/bytes/bytes.ts";
import { startCodeUnits } from "../../inspect/video/codecs/bitReader.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import { H263_PIXEL_ASPECT, parseH263Header } from "./h263Header.ts";
import {
  parseLayer,
  parseVisualObject,
  parseVop,
  type Mpeg4Layer,
  type Mpeg4Vop,
  type VideoSignal,
} from "./mpeg4Headers.ts";
import { EDGE_PX, startMpegKernel, type MpegKernel } from "./mpegKernel.ts";
import { MAX_MPEG_MEMORY_BYTES, MAX_MPEG_PIXELS, type MpegPicture } from "./mpegPicture.ts";

/** Values behind a start code; ISO/IEC 14496-2 Table 6-3. */
const CODES = { firstLayer: 0x20, lastLayer: 0x2f, visualObject: 0xb5, vop: 0xb6 };
const UNSPECIFIED: VideoSignal = { matrix: 2, isFullRange: false };
/** Macroblocks between two checks for other requests. */
const MACROBLOCKS_PER_STEP = 1024;
const STEP_DONE = 1;
const STEP_DAMAGED = 2;

interface Start {
  /** Pictures of a film have the same kernel. */
  film: object;
  width: number;
  height: number;
  headerBits: number;
  data: Uint8Array;
  steps: Uint8Array | null;
  /** Fields of `Vop` in wasm/mpeg/mpeg4.ts. */
  fields: (macroblocks: number) => number[];
}

function startPicture({ film, width, height, data }: Start, name: string): MpegKernel {
  if (width < 1 || height < 1 || width * height > MAX_MPEG_PIXELS)
    throw new UnsupportedImageError(`${name} of ${width} × ${height} pixels is too large to decode`);
  const rows = Math.ceil(height / EDGE_PX);
  return startMpegKernel({ width, height, rows, yShift: 1, isPredicted: true }, data.length, {
    budget: decoderMemory(MAX_MPEG_MEMORY_BYTES),
    film,
  });
}

async function decodePicture(start: Start, name: string): Promise<MpegKernel> {
  const { data, headerBits, steps, fields } = start;
  const mpeg = startPicture(start, name);
  const { kernel, memory, predictions } = mpeg;
  if (steps !== null) for (const at of [0, steps.length]) memory.set(steps, kernel.function("matricesAt")() + at);
  mpeg.setFields("vopAt", fields(mpeg.columns * mpeg.rows));
  const from = mpeg.writeData(data);
  kernel.function("startVop")(from, from + data.length, headerBits, predictions);
  const decodeMacroblocks = kernel.function("decodeMacroblocks");
  for (;;) {
    const state = decodeMacroblocks(MACROBLOCKS_PER_STEP);
    if (state === STEP_DONE) return mpeg;
    if (state === STEP_DAMAGED) throw new UnsupportedImageError(`the ${name} picture is damaged`);
    await yieldToRequests(MACROBLOCKS_PER_STEP * EDGE_PX * EDGE_PX);
  }
}

/** Decodes the picture that an H.263 sample begins with. Throws with the reason. */
export async function decodeH263(sample: Uint8Array, film: object): Promise<MpegPicture> {
  const { width, height, headerBits, scale, groupRows } = parseH263Header(sample);
  const fields = () => [1, scale, 0, 0, 0, 0, 0, 0, 0, groupRows];
  const { planes } = await decodePicture(
    { film, width, height, headerBits, data: sample, steps: null, fields },
    "H.263",
  );
  return { planes: { ...planes(), ...UNSPECIFIED }, pixelAspect: H263_PIXEL_ASPECT };
}

interface Headers {
  layer: Mpeg4Layer | null;
  signal: VideoSignal | null;
  vop: { header: Mpeg4Vop; data: Uint8Array } | null;
}

/** Finds the first intra picture and the headers in front of it. */
function readHeaders(stream: Uint8Array): Headers {
  const headers: Headers = { layer: null, signal: null, vop: null };
  for (const unit of startCodeUnits(stream)) {
    const code = unit[0] ?? 0;
    const content = unit.subarray(1);
    if (code >= CODES.firstLayer && code <= CODES.lastLayer) headers.layer = parseLayer(content);
    else if (code === CODES.visualObject) headers.signal = parseVisualObject(content) ?? headers.signal;
    else if (code === CODES.vop && headers.layer !== null) {
      const header = parseVop(content, headers.layer);
      if (header !== null) return { ...headers, vop: { header, data: content } };
    }
  }
  return headers;
}

/** Bits of macroblock_number; §6.3.5.2. */
function addressBits(macroblocks: number): number {
  return Math.max(1, 32 - Math.clz32(macroblocks - 1));
}

/** A short header: the picture is H.263. */
function isH263(sample: Uint8Array): boolean {
  return sample[0] === 0 && sample[1] === 0 && ((sample[2] ?? 0) & 0xfc) === 0x80;
}

/**
 * Decodes the first intra picture of a sample. The configuration of the film has the headers of samples without their
 * own: content of esds or of CodecPrivate. Throws `UnsupportedImageError`, `DecoderMemoryError` and RangeError with the reason.
 */
export async function decodeMpeg4(sample: Uint8Array, film: { configuration: Uint8Array }): Promise<MpegPicture> {
  if (isH263(sample)) return await decodeH263(sample, film);
  const { layer, signal, vop } = readHeaders(concat([film.configuration, sample]));
  if (layer === null) throw new UnsupportedImageError("the MPEG-4 video has no layer header");
  if (vop === null) throw new UnsupportedImageError("the MPEG-4 video has no intra picture");
  const { width, height, steps, pixelAspect, isInterlaced, hasPackets, timeBits } = layer;
  const { scale, dcThreshold, alternatesScan, headerBits } = vop.header;
  const flags = [steps !== null, isInterlaced, alternatesScan, hasPackets].map(Number);
  const fields = (macroblocks: number) => [0, scale, dcThreshold, ...flags, addressBits(macroblocks), timeBits, 1];
  const { planes } = await decodePicture({ film, width, height, headerBits, data: vop.data, steps, fields }, "MPEG-4");
  return { planes: { ...planes(), ...(signal ?? UNSPECIFIED) }, pixelAspect };
}
