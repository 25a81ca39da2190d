import { pipeline, Readable } from "node:stream";
import { createDeflate } from "node:zlib";
import { createChunk } from "../rewrite/pngRewrite.ts";
import type { RgbaImage } from "../rgbaImage.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
/** Rows that are compressed at once. */
const BAND_ROWS = 32;
/** The filter that subtracts the row above. */
const FILTER_UP = 2;

/** Yields bands of filtered rows. */
function* filteredRows({ width, height, rgba }: RgbaImage): Generator<Uint8Array, void, undefined> {
  const stride = width * 4;
  for (let top = 0; top < height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, height - top);
    const band = new Uint8Array(rows * (stride + 1));
    for (let row = 0, to = 0; row < rows; row++) {
      band[to++] = FILTER_UP;
      const at = (top + row) * stride;
      for (let x = 0; x < stride; x++) band[to++] = (rgba[at + x] ?? 0) - (rgba[at - stride + x] ?? 0);
    }
    yield band;
  }
}

/** Encodes a PNG without loss and returns it in pieces. Holds the compressed file and some rows. */
export async function encodePng(image: RgbaImage): Promise<Uint8Array[]> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, image.width);
  view.setUint32(4, image.height);
  header.set([8, 6, 0, 0, 0], 8);
  const deflate = createDeflate();
  // The iteration below reports the error; the callback only keeps it from being unhandled.
  pipeline(Readable.from(filteredRows(image), { highWaterMark: 1 }), deflate, () => undefined);
  const pieces = [SIGNATURE, createChunk("IHDR", header)];
  for await (const piece of deflate) if (piece instanceof Uint8Array) pieces.push(createChunk("IDAT", piece));
  return [...pieces, createChunk("IEND", new Uint8Array())];
}
