/** Reads size, frame rate and duration from the AVI headers. */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readAviMetadata } from "./aviMetadata.ts";
import { type RiffChunk, readRiffChunk, readRiffChunks } from "../../bytes/riff.ts";
import { type VideoDraft, frameRate } from "../videoInfo.ts";

const HEADER_BYTES = 64;
/** The chunks start after "RIFF", the size and "AVI ". */
const CONTENT_OFFSET = 12;

interface StreamInfo {
  width: number;
  height: number;
  frames: number;
  secondsPerFrame: number;
}

/** Fills `draft` from an AVI file. */
export async function readAvi(source: ByteSource, draft: VideoDraft): Promise<void> {
  const chunks = await readRiffChunks(source, CONTENT_OFFSET, source.sizeBytes);
  const headers = await childChunks(source, chunks, "LIST:hdrl");
  const stream = await readStreamInfo(source, headers);
  if (stream !== null) {
    const { width, height, frames, secondsPerFrame } = stream;
    Object.assign(draft, { width, height });
    draft.metadata.fps = frameRate(1, secondsPerFrame);
    if (draft.metadata.fps !== null) draft.durationSeconds = frames * secondsPerFrame;
  }
  await readAviMetadata(source, chunks, headers, draft);
}

async function childChunks(source: ByteSource, chunks: RiffChunk[], type: string): Promise<RiffChunk[]> {
  const chunk = chunks.find((one) => one.type === type);
  return chunk === undefined ? [] : await readRiffChunks(source, chunk.start, chunk.end);
}

/** `avih` counts only the frames of the first gigabyte; `strh` and OpenDML's `dmlh` count all of them. */
async function readStreamInfo(source: ByteSource, headers: RiffChunk[]): Promise<StreamInfo | null> {
  const main = await readHeader(source, headers, "avih");
  if (main === null) return null;
  const stream = await findVideoStream(source, headers);
  const openDml = await readHeader(source, await childChunks(source, headers, "LIST:odml"), "dmlh");
  const header = stream && (await readHeader(source, stream, "strh"));
  const format = stream && (await readHeader(source, stream, "strf"));
  const streamSecondsPerFrame = header === null ? 0 : header.getUint32(20, true) / header.getUint32(24, true);
  const streamFrames = header?.getUint32(32, true) ?? 0;
  const totalFrames = Math.max(streamFrames, openDml?.getUint32(0, true) ?? 0);
  return {
    width: main.getUint32(32, true) || Math.abs(format?.getInt32(4, true) ?? 0),
    height: main.getUint32(36, true) || Math.abs(format?.getInt32(8, true) ?? 0),
    frames: totalFrames || main.getUint32(16, true),
    secondsPerFrame:
      frameRate(1, streamSecondsPerFrame) === null ? main.getUint32(0, true) / 1e6 : streamSecondsPerFrame,
  };
}

async function readHeader(source: ByteSource, chunks: RiffChunk[], type: string): Promise<DataView | null> {
  const chunk = chunks.find((one) => one.type === type);
  const bytes = chunk && (await readRiffChunk(source, chunk, HEADER_BYTES));
  return bytes === undefined || bytes.length < 4 ? null : viewOf(bytes);
}

async function findVideoStream(source: ByteSource, headers: RiffChunk[]): Promise<RiffChunk[] | null> {
  for (const list of headers.filter(({ type }) => type === "LIST:strl")) {
    const chunks = await readRiffChunks(source, list.start, list.end);
    const header = chunks.find(({ type }) => type === "strh");
    const streamType = header && asciiAt(await source.read(header.start, 4), 0, 4);
    // A DV stream ("iavs") carries video and sound.
    if (streamType === "vids" || streamType === "iavs") return chunks;
  }
  return null;
}
