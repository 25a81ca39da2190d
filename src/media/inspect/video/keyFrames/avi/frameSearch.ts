/** Searches the frames of an AVI file without an index, as cameras leave them that lose power. */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { asciiAt, viewOf } from "../../../bytes/bytes.ts";
import { startCodeUnits } from "../../codecs/bitReader.ts";

/** Chunks that are looked at from one place on; a second of a film has about a hundred. */
export const MAX_SEARCHED_CHUNKS = 16_384;

const HEAD_BYTES = 8;
const LIST_HEAD_BYTES = 12;
const SEARCH_STEP_BYTES = 64 * 1024;
/** Start of a frame that tells whether it is a key frame. */
const FRAME_HEAD_BYTES = 1024;

/** Ids of frames, sound, texts, palettes and indexes of streams, and of what is between them. */
const CHUNK_ID = /^(?:\d\d(?:dc|db|wb|tx|pc|__)|ix\d\d|LIST|JUNK|idx1|RIFF)$/;

const IDR_SLICE = 5;
const SEQUENCE_SET = 7;
const MPEG4_PICTURE = 0xb6;
const MPEG4_INTRA = 0;

/** Whether a frame is a key frame by its first bytes. Codecs of intra frames only, and unknown ones, have no others. */
function isKeyFrame(codec: string, head: Uint8Array): boolean {
  if (codec === "vp8") return ((head[0] ?? 1) & 1) === 0;
  if (codec === "h264")
    return [...startCodeUnits(head)].some((unit) => [IDR_SLICE, SEQUENCE_SET].includes((unit[0] ?? 0) & 31));
  if (codec === "mpeg4")
    return [...startCodeUnits(head)].some((unit) => unit[0] === MPEG4_PICTURE && (unit[1] ?? 255) >> 6 === MPEG4_INTRA);
  return true;
}

interface ChunkHead {
  id: string;
  sizeBytes: number;
}

async function readHead(source: ByteSource, at: number): Promise<ChunkHead | null> {
  const bytes = await source.read(at, HEAD_BYTES);
  if (bytes.length < HEAD_BYTES) return null;
  const id = asciiAt(bytes, 0, 4);
  return CHUNK_ID.test(id) ? { id, sizeBytes: viewOf(bytes).getUint32(4, true) } : null;
}

/** Chunks are padded to an even size; lists are entered. */
function nextChunk(at: number, { id, sizeBytes }: ChunkHead): number {
  return id === "LIST" || id === "RIFF" ? at + LIST_HEAD_BYTES : at + HEAD_BYTES + sizeBytes + (sizeBytes % 2);
}

/** Finds the first key frame of a stream among the chunks from an offset on. */
export async function findKeyFrame(
  source: ByteSource,
  offset: number,
  codec: string,
  frameIds: readonly string[],
): Promise<ByteRange | null> {
  let at = offset;
  for (let left = MAX_SEARCHED_CHUNKS; left > 0; left--) {
    const head = await readHead(source, at);
    if (head === null) return null;
    if (frameIds.includes(head.id) && head.sizeBytes > 0) {
      const start = at + HEAD_BYTES;
      const first = await source.read(start, Math.min(head.sizeBytes, FRAME_HEAD_BYTES));
      if (isKeyFrame(codec, first)) return { offset: start, length: head.sizeBytes };
    }
    at = nextChunk(at, head);
  }
  return null;
}

/** Finds the next chunk of a stream's frames from any offset on: one that another chunk follows. */
export async function findFrame(
  source: ByteSource,
  offset: number,
  frameIds: readonly string[],
): Promise<number | null> {
  const kind = (frameIds[0] ?? "").charCodeAt(2);
  let left = MAX_SEARCHED_CHUNKS;
  for (let from = offset; ; from += SEARCH_STEP_BYTES - HEAD_BYTES) {
    const bytes = await source.read(from, SEARCH_STEP_BYTES);
    for (let at = bytes.indexOf(kind, 2); at >= 0; at = bytes.indexOf(kind, at + 1)) {
      if (!frameIds.includes(asciiAt(bytes, at - 2, 4))) continue;
      const head = await readHead(source, from + at - 2);
      if (head !== null && (await readHead(source, nextChunk(from + at - 2, head))) !== null) return from + at - 2;
      if (--left === 0) return null;
    }
    if (bytes.length < SEARCH_STEP_BYTES) return null;
  }
}
