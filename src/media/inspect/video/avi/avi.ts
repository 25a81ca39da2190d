/** AVI: size, frame rate and duration from the headers that open every such file, and what cameras note beside them. */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readAviNotes } from "./aviMetadata.ts";
import { type Chunk, bytesOf, chunksIn } from "../../bytes/riff.ts";
import { type VideoFindings, frameRate } from "../videoInfo.ts";

const headerBytes = 64;
/** From the file's own head, "RIFF", a size and "AVI ". */
const contentAt = 12;

interface Pictures {
  width: number;
  height: number;
  frames: number;
  secondsPerFrame: number;
}

export async function readAvi(source: ByteSource, facts: VideoFindings): Promise<void> {
  const chunks = await chunksIn(source, contentAt, source.sizeBytes);
  const headers = await inside(source, chunks, "LIST:hdrl");
  const pictures = await readPictures(source, headers);
  if (pictures !== null) {
    const { width, height, frames, secondsPerFrame } = pictures;
    Object.assign(facts, { width, height });
    facts.metadata.fps = frameRate(1, secondsPerFrame);
    if (facts.metadata.fps !== null) facts.durationSeconds = frames * secondsPerFrame;
  }
  await readAviNotes(source, chunks, headers, facts);
}

async function inside(source: ByteSource, chunks: Chunk[], type: string): Promise<Chunk[]> {
  const chunk = chunks.find((one) => one.type === type);
  return chunk === undefined ? [] : await chunksIn(source, chunk.start, chunk.end);
}

/** The main header counts the frames of the first gigabyte only; the stream's own and OpenDML's count them all. */
async function readPictures(source: ByteSource, headers: Chunk[]): Promise<Pictures | null> {
  const main = await viewOfFirst(source, headers, "avih");
  if (main === null) return null;
  const stream = await pictureStream(source, headers);
  const openDml = await viewOfFirst(source, await inside(source, headers, "LIST:odml"), "dmlh");
  const header = stream && (await viewOfFirst(source, stream, "strh"));
  const format = stream && (await viewOfFirst(source, stream, "strf"));
  const ownSeconds = header === null ? 0 : header.getUint32(20, true) / header.getUint32(24, true);
  const ownFrames = header?.getUint32(32, true) ?? 0;
  const allFrames = Math.max(ownFrames, openDml?.getUint32(0, true) ?? 0);
  return {
    width: main.getUint32(32, true) || Math.abs(format?.getInt32(4, true) ?? 0),
    height: main.getUint32(36, true) || Math.abs(format?.getInt32(8, true) ?? 0),
    frames: allFrames || main.getUint32(16, true),
    secondsPerFrame: frameRate(1, ownSeconds) === null ? main.getUint32(0, true) / 1e6 : ownSeconds,
  };
}

async function viewOfFirst(source: ByteSource, chunks: Chunk[], type: string): Promise<DataView | null> {
  const chunk = chunks.find((one) => one.type === type);
  const bytes = chunk && (await bytesOf(source, chunk, headerBytes));
  return bytes === undefined || bytes.length < 4 ? null : viewOf(bytes);
}

async function pictureStream(source: ByteSource, headers: Chunk[]): Promise<Chunk[] | null> {
  for (const list of headers.filter(({ type }) => type === "LIST:strl")) {
    const chunks = await chunksIn(source, list.start, list.end);
    const header = chunks.find(({ type }) => type === "strh");
    const kind = header && asciiAt(await source.read(header.start, 4), 0, 4);
    // DV keeps pictures and sound in one stream.
    if (kind === "vids" || kind === "iavs") return chunks;
  }
  return null;
}
