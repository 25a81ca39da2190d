/** Reads size, frame rate and duration from the AVI headers. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { RiffChunk } from "../../bytes/riff.ts";
import { readAviMetadata } from "./aviMetadata.ts";
import { childChunks, findVideoStream, openAvi, readHeader } from "./aviStreams.ts";
import { type VideoDraft, frameRate } from "../videoInfo.ts";

interface StreamInfo {
  width: number;
  height: number;
  frames: number;
  secondsPerFrame: number;
}

/** Fills `draft` from an AVI file. */
export async function readAvi(source: ByteSource, draft: VideoDraft): Promise<void> {
  const { chunks, headers } = await openAvi(source);
  const stream = await readStreamInfo(source, headers);
  if (stream !== null) {
    const { width, height, frames, secondsPerFrame } = stream;
    Object.assign(draft, { width, height });
    draft.metadata.fps = frameRate(1, secondsPerFrame);
    if (draft.metadata.fps !== null) draft.durationSeconds = frames * secondsPerFrame;
  }
  await readAviMetadata(source, chunks, headers, draft);
}

/** `avih` counts only the frames of the first gigabyte; `strh` and OpenDML's `dmlh` count all of them. */
async function readStreamInfo(source: ByteSource, headers: RiffChunk[]): Promise<StreamInfo | null> {
  const main = await readHeader(source, headers, "avih");
  if (main === null) return null;
  const stream = (await findVideoStream(source, headers))?.chunks ?? null;
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
