/** Locates the chunks of a RIFF file (AVI). */
import { asciiAt, viewOf } from "./bytes.ts";
import type { ByteSource } from "./byteSource.ts";

export interface RiffChunk {
  /** Four letters; "LIST:" and the list type for a list, whose `start` is after the list type. */
  type: string;
  start: number;
  end: number;
}

const MAX_CHUNKS = 128;

/** Reads the chunk headers from `start` to `end`. An unfinalized list has size 0 and extends to the end. */
export async function readRiffChunks(source: ByteSource, start: number, end: number): Promise<RiffChunk[]> {
  const chunks: RiffChunk[] = [];
  const limit = Math.min(end, source.sizeBytes);
  let at = start;
  while (at + 8 <= limit && chunks.length < MAX_CHUNKS) {
    const head = await source.read(at, 12);
    if (head.length < 8) break;
    const declared = viewOf(head).getUint32(4, true);
    const type = asciiAt(head, 0, 4);
    const isList = type === "LIST" && head.length === 12;
    const size = isList && declared < 4 ? limit - at - 8 : declared;
    chunks.push({
      type: isList ? `LIST:${asciiAt(head, 8, 4)}` : type,
      start: at + (isList ? 12 : 8),
      end: Math.min(at + 8 + size, limit),
    });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

/** Reads the content of a chunk, at most `maxBytes`. */
export function readRiffChunk(source: ByteSource, { start, end }: RiffChunk, maxBytes: number): Promise<Uint8Array> {
  return source.read(start, Math.min(end - start, maxBytes));
}
