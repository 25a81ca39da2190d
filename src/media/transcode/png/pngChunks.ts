/** The chunks of a PNG read one after another: its head, then its packed pixels as a stream. Unpacks nothing. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { CutShort } from "../jpeg/encodedJpeg.ts";
import type { ForwardBytes } from "../forwardReader.ts";
import { LONGEST_JPEG_SIDE } from "../jpeg/jpegEncoder.ts";

export interface PngHead {
  width: number;
  height: number;
  bits: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  colourType: number;
  palette: Uint8Array;
  /** Of a palette: the opacity of its first colours. */
  opacity: Uint8Array;
}

/** Samples a pixel, by colour type. */
export const samplesOf = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
const MOST_PIXELS = 104 * 1000 * 1000;
const CHUNK_STEP_BYTES = 256 * 1024;
const mostChunks = 10_000;

function headOf(content: Uint8Array): PngHead {
  const view = viewOf(content);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bits, colourType, , , interlace] = content.subarray(8);
  if (interlace !== 0) throw new Error("an interlaced PNG would have to be in memory as a whole to be decoded");
  if (width < 1 || height < 1) throw new Error("the PNG has no size");
  if (Math.max(width, height) > LONGEST_JPEG_SIDE || width * height > MOST_PIXELS) {
    throw new Error(`${width} × ${height} is more than can be decoded here`);
  }
  if (bits === undefined || colourType === undefined || !samplesOf.has(colourType))
    throw new Error("the PNG's head is broken");
  return { width, height, bits, colourType, palette: new Uint8Array(), opacity: new Uint8Array() };
}

interface Chunk {
  type: string;
  sizeBytes: number;
}

async function nextChunk(forward: ForwardBytes): Promise<Chunk> {
  await forward.ensure(8);
  const { bytes, at } = forward;
  if (bytes.length < at + 8) throw new CutShort("the PNG is cut short");
  forward.at += 8;
  return { sizeBytes: viewOf(bytes).getUint32(at), type: asciiAt(bytes, at + 4, 4) };
}

async function take(forward: ForwardBytes, length: number): Promise<Uint8Array> {
  await forward.ensure(length);
  const content = forward.bytes.subarray(forward.at, forward.at + length);
  if (content.length < length) throw new CutShort("the PNG is cut short");
  forward.at += length;
  return content;
}

const CHECKSUM_BYTES = 4;

/** Up to the first chunk of pixels, whose length is answered. */
export async function readHead(forward: ForwardBytes): Promise<{ head: PngHead; pixelBytes: number }> {
  await take(forward, 8);
  let head: PngHead | null = null;
  for (let count = 0; count < mostChunks; count++) {
    const { type, sizeBytes } = await nextChunk(forward);
    if (type === "IDAT" && head !== null) return { head, pixelBytes: sizeBytes };
    // What is not needed is passed in steps: no chunk has to be held as a whole.
    const isNeeded = ["IHDR", "PLTE", "tRNS"].includes(type) && sizeBytes <= 4096;
    if (isNeeded) {
      const content = Uint8Array.from(await take(forward, sizeBytes));
      if (type === "IHDR") head = headOf(content);
      else if (head !== null && type === "PLTE") head.palette = content;
      else if (head !== null && head.colourType === 3) head.opacity = content;
    } else await skip(forward, sizeBytes);
    await skip(forward, CHECKSUM_BYTES);
  }
  throw new Error("the PNG has no pixels");
}

async function skip(forward: ForwardBytes, length: number): Promise<void> {
  for (let left = length; left > 0; left -= CHUNK_STEP_BYTES) await take(forward, Math.min(left, CHUNK_STEP_BYTES));
}

export interface PackedPixels {
  stream: ReadableStream<Uint8Array>;
  /** What reading failed with: behind the unpacking it would come out as a failure of that. */
  failure: () => Error | null;
}

/** The content of the chunks of pixels, one after another, as fast as they are wanted. */
export function packedPixels(forward: ForwardBytes, firstBytes: number): PackedPixels {
  let left = firstBytes;
  let failure: Error | null = null;

  async function nextPiece(): Promise<Uint8Array | null> {
    while (left === 0) {
      await skip(forward, CHECKSUM_BYTES);
      const { type, sizeBytes } = await nextChunk(forward);
      if (type !== "IDAT") return null;
      left = sizeBytes;
    }
    const step = Math.min(left, CHUNK_STEP_BYTES);
    left -= step;
    return Uint8Array.from(await take(forward, step));
  }

  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const piece = await nextPiece();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    },
  });
  return { stream, failure: () => failure };
}
