/** Finds the key frames of AVI films. */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { asciiAt, concat, viewOf } from "../../../bytes/bytes.ts";
import { type RiffChunk, readRiffChunk } from "../../../bytes/riff.ts";
import { windowedSource } from "../../../bytes/windowedSource.ts";
import { type AviStream, findVideoStream, openAvi } from "../../avi/aviStreams.ts";
import { parseStreamFormat, type StreamFormat } from "../fourCharacterCodes.ts";
import type { KeyFrameTrack } from "../keyFrameTrack.ts";
import { readSample } from "../readSample.ts";
import { MAX_PLACE_SEARCH_BYTES, placeOffset, SEARCHED_PLACES } from "../searchedPlaces.ts";
import { type AviIndex, openDmlIndex, openIndex } from "./aviIndex.ts";
import { findFrame, findKeyFrame } from "./frameSearch.ts";

const MAX_FORMAT_BYTES = 64 * 1024;
const PROPERTIES_BYTES = 32;
const INTRA_CODECS = ["mjpeg", "prores"];

async function readChunk(source: ByteSource, chunks: RiffChunk[], type: string, maxBytes: number): Promise<Uint8Array> {
  const chunk = chunks.find((one) => one.type === type);
  return chunk === undefined ? new Uint8Array() : await readRiffChunk(source, chunk, maxBytes);
}

/** `vprp` of OpenDML has the shape of the frame, height first, and its size in pixels. */
async function readPixelAspect(source: ByteSource, chunks: RiffChunk[]): Promise<KeyFrameTrack["pixelAspect"]> {
  const bytes = await readChunk(source, chunks, "vprp", PROPERTIES_BYTES);
  if (bytes.length < PROPERTIES_BYTES) return null;
  const view = viewOf(bytes);
  const [shapeHeight, shapeWidth] = [view.getUint16(20, true), view.getUint16(22, true)];
  const [width, height] = [view.getUint32(24, true), view.getUint32(28, true)];
  if ([shapeWidth, shapeHeight, width, height].includes(0)) return null;
  return { width: shapeWidth * height, height: shapeHeight * width };
}

/** Chunks of compressed and of uncompressed frames. */
function frameIdsOf({ number }: AviStream): string[] {
  const digits = String(number).padStart(2, "0");
  return [`${digits}dc`, `${digits}db`];
}

async function openFrames(
  file: ByteSource,
  source: ByteSource,
  chunks: RiffChunk[],
  stream: AviStream,
  codec: string,
): Promise<AviIndex | null> {
  const frames = chunks.find(({ type }) => type === "LIST:movi");
  if (frames === undefined) return null;
  const frameIds = frameIdsOf(stream);
  const index = chunks.find(({ type }) => type === "idx1");
  const opened =
    (await openDmlIndex(source, stream.chunks)) ??
    (index && (await openIndex(source, index, frames, frameIds, INTRA_CODECS.includes(codec))));
  if (opened !== undefined && opened.keyFrames > 0) return opened;
  const place = { offset: frames.start, length: frames.end - frames.start };
  return {
    keyFrames: SEARCHED_PLACES,
    locate: async (number): Promise<ByteRange | null> => {
      const from = windowedSource(file, MAX_PLACE_SEARCH_BYTES);
      const offset = placeOffset(place, number / SEARCHED_PLACES);
      const frame = number === 0 ? offset : await findFrame(from, offset, frameIds);
      return frame === null ? null : await findKeyFrame(from, frame, codec, frameIds);
    },
  };
}

async function readFormat(source: ByteSource, { chunks }: AviStream): Promise<StreamFormat> {
  const format = parseStreamFormat(await readChunk(source, chunks, "strf", MAX_FORMAT_BYTES));
  if (/\w/.test(format.codec)) return format;
  // The format of some DV files lacks the code that their header has.
  return { ...format, codec: asciiAt(await readChunk(source, chunks, "strh", 8), 4, 4) };
}

/** Opens the video stream by an index; without one, key frames are searched at places of the file. */
export async function openAviKeyFrames(file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const { chunks, headers } = await openAvi(source);
  const stream = await findVideoStream(source, headers);
  if (stream === null) return null;
  const { codec, configuration, prefix } = await readFormat(source, stream);
  const frames = await openFrames(file, source, chunks, stream, codec);
  if (frames === null) return null;
  return {
    codec,
    configuration,
    orientation: 1,
    pixelAspect: await readPixelAspect(source, stream.chunks),
    colour: null,
    keyFrames: frames.keyFrames,
    readKeyFrame: async (index, maxBytes) => {
      const sample = await readSample(file, await frames.locate(index), maxBytes);
      return sample instanceof Uint8Array && prefix.length > 0 ? concat([prefix, sample]) : sample;
    },
  };
}
