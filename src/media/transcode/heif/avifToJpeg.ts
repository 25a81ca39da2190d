/**
 * An AVIF file to a JPEG of the same size, for accounts whose Images doesn't read AVIF. The decoder hands out all
 * pixels at once, so pictures are limited by size. What is transparent is shown upon white.
 */
import createDecoder from "@jsquash/avif/codec/dec/avif_dec.js";
import wasm from "@jsquash/avif/codec/dec/avif_dec.wasm";
import { readHeif } from "../../inspect/containers/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import type { EncodedJpeg, JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readHeifTurn } from "./heifTransform.ts";
import { jpegEncoder } from "../jpeg/jpegEncoder.ts";
import { boundedInstance } from "./wasmMemory.ts";

/** Measured: 16 MB and some 17 bytes a pixel in WebAssembly, 29 without chroma subsampling, and here the pixels again. */
const MOST_PIXELS = 4 * 1000 * 1000;
const MAX_HEAP_BYTES = 80 * 1024 * 1024;

interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

async function decode(file: Uint8Array): Promise<{ pixels: Pixels; heapBytes: number }> {
  let heapBytes = () => 0;
  const decoder = await createDecoder({
    instantiateWasm: (imports, done) => {
      const started = boundedInstance(wasm, imports, MAX_HEAP_BYTES);
      heapBytes = () => started.memory.buffer.byteLength;
      done(started.instance);
      return started.instance.exports;
    },
  });
  const decoded = decoder.decode(file, 8);
  if (decoded === null || !(decoded.data instanceof Uint8ClampedArray))
    throw new Error("the AVIF is broken, or decoding it takes more memory than there is");
  const { data, width, height } = decoded;
  return { pixels: { data, width, height }, heapBytes: heapBytes() };
}

/** One row, its transparent parts upon white. */
function fillRow({ data, width }: Pixels, y: number, row: Uint8ClampedArray): void {
  for (let x = 0; x < width; x++) {
    const from = (y * width + x) * 4;
    const alpha = (data[from + 3] ?? 255) / 255;
    for (let i = 0; i < 3; i++) row[x * 3 + i] = (data[from + i] ?? 0) * alpha + 255 * (1 - alpha);
  }
}

export async function avifToJpeg(file: Uint8Array, limits: JpegLimits): Promise<EncodedJpeg & { heapBytes: number }> {
  const source = memorySource(file);
  const content = emptyContent();
  await readHeif(source, content);
  const { rawWidth, rawHeight } = content;
  if (rawWidth * rawHeight > MOST_PIXELS)
    throw new Error(`${rawWidth} × ${rawHeight} is more than can be decoded here`);
  const turn = await readHeifTurn(source);
  const { pixels, heapBytes } = await decode(file);
  const window = turn.windowOf(pixels.width, pixels.height);
  const { width, height } = window;
  const encoder = jpegEncoder({ width, height, ...limits, orientation: turn.orientation, icc: content.icc });
  const row = new Uint8ClampedArray(pixels.width * 3);
  for (let y = 0; y < height; y++) {
    fillRow(pixels, window.top + y, row);
    encoder.addRow(row, window.left * 3);
  }
  return { pieces: encoder.finish(), sizeBytes: encoder.sizeBytes(), width, height, heapBytes };
}
