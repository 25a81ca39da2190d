/** Finds the chunks of an AVI file and its video stream. */
import { type RiffChunk, readRiffChunk, readRiffChunks } from "../../bytes/riff.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

const HEADER_BYTES = 64;
/** The chunks start after "RIFF", the size and "AVI ". */
const CONTENT_OFFSET = 12;

export interface AviFile {
  /** Top-level chunks. */
  chunks: RiffChunk[];
  /** Content of `hdrl`. */
  headers: RiffChunk[];
}

export interface AviStream {
  /** From 0 on; the ids of the stream's chunks begin with it. */
  number: number;
  chunks: RiffChunk[];
}

/** Lists the chunks of a list; none if it is missing. */
export async function childChunks(source: ByteSource, chunks: RiffChunk[], type: string): Promise<RiffChunk[]> {
  const chunk = chunks.find((one) => one.type === type);
  return chunk === undefined ? [] : await readRiffChunks(source, chunk.start, chunk.end);
}

export async function openAvi(source: ByteSource): Promise<AviFile> {
  const chunks = await readRiffChunks(source, CONTENT_OFFSET, source.sizeBytes);
  return { chunks, headers: await childChunks(source, chunks, "LIST:hdrl") };
}

/** Reads the start of a chunk; null if it is missing or truncated. */
export async function readHeader(source: ByteSource, chunks: RiffChunk[], type: string): Promise<DataView | null> {
  const chunk = chunks.find((one) => one.type === type);
  const bytes = chunk && (await readRiffChunk(source, chunk, HEADER_BYTES));
  return bytes === undefined || bytes.length < 4 ? null : viewOf(bytes);
}

/** Finds the first video stream among the headers. */
export async function findVideoStream(source: ByteSource, headers: RiffChunk[]): Promise<AviStream | null> {
  const lists = headers.filter(({ type }) => type === "LIST:strl");
  for (const [number, list] of lists.entries()) {
    const chunks = await readRiffChunks(source, list.start, list.end);
    const header = chunks.find(({ type }) => type === "strh");
    const streamType = header && asciiAt(await source.read(header.start, 4), 0, 4);
    // A DV stream ("iavs") carries video and sound.
    if (streamType === "vids" || streamType === "iavs") return { number, chunks };
  }
  return null;
}
