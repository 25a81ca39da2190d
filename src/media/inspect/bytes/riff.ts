/** The chunks of a RIFF file: where they are, not what is in them. */
import { asciiAt, viewOf } from "./bytes.ts";
import type { ByteSource } from "./byteSource.ts";

export interface Chunk {
  /** Four letters; of a list "LIST:" and its own four, which `start` is behind. */
  type: string;
  start: number;
  end: number;
}

const mostChunks = 128;

/** Those from `start` to `end`, as far as they make sense. A list of no size was never finished: it goes on to the end. */
export async function chunksIn(source: ByteSource, start: number, end: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  const limit = Math.min(end, source.sizeBytes);
  let at = start;
  while (at + 8 <= limit && chunks.length < mostChunks) {
    const head = await source.read(at, 12);
    if (head.length < 8) break;
    const told = viewOf(head).getUint32(4, true);
    const type = asciiAt(head, 0, 4);
    const isList = type === "LIST" && head.length === 12;
    const size = isList && told < 4 ? limit - at - 8 : told;
    chunks.push({
      type: isList ? `LIST:${asciiAt(head, 8, 4)}` : type,
      start: at + (isList ? 12 : 8),
      end: Math.min(at + 8 + size, limit),
    });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

/** What a chunk holds, cut after `longestBytes`. */
export function bytesOf(source: ByteSource, { start, end }: Chunk, longestBytes: number): Promise<Uint8Array> {
  return source.read(start, Math.min(end - start, longestBytes));
}
