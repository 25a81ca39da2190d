/** The last chunks of a file whose many others are not worth a read each. They can't be walked backwards, but a chain of them ends where the file does. */
import type { ByteSource } from "../bytes/byteSource.ts";

const tailBytes = 64 * 1024;

export interface ChunkForm {
  /** Whether a chunk that is looked for may begin there. */
  isWanted(bytes: Uint8Array, at: number): boolean;
  /** The whole size of the chunk there, its head and padding too. */
  sizeAt(bytes: Uint8Array, at: number): number;
}

/** Where in the file the chain begins: at the first wanted chunk from which it leads to the end; null where none does. */
export async function chunksAtEnd(source: ByteSource, notBefore: number, form: ChunkForm): Promise<number | null> {
  const start = Math.max(notBefore, source.sizeBytes - tailBytes);
  const tail = await source.read(start, source.sizeBytes - start);
  const deadEnds = new Set<number>();
  for (let at = 0; at + 8 <= tail.length; at++) {
    if (form.isWanted(tail, at) && leadsToEnd(tail, at, form, deadEnds)) return start + at;
  }
  return null;
}

/** No place is passed twice, so that a tail full of small chunks costs no more than its length. */
function leadsToEnd(tail: Uint8Array, start: number, form: ChunkForm, deadEnds: Set<number>): boolean {
  let at = start;
  while (at + 8 <= tail.length && !deadEnds.has(at)) {
    deadEnds.add(at);
    at += form.sizeAt(tail, at);
  }
  return at === tail.length;
}
