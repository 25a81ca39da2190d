/** Converts AVIF to JPEG with libaom, which decodes the whole image at once. */
import createDecoder from "@jsquash/avif/codec/dec/avif_dec.js";
import wasm from "@jsquash/avif/codec/dec/avif_dec.wasm";
import { readHeif } from "../../inspect/containers/heif/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import { decoderMemory, type DecoderMemory } from "../decoderMemory.ts";
import type { EncodedJpeg, JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readHeifTransform } from "./heifTransform.ts";
import { encodedJpeg } from "../jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { boundedInstance } from "./wasmMemory.ts";

/** Measured: libaom takes 16 MB plus 17 bytes a pixel (28 for 4:4:4), and its RGBA output is copied to JavaScript. */
export const MAX_AVIF_PIXELS = 4 * 1000 * 1000;
/** The file is in memory beside the decoder, which needs more of it than others. */
export const MAX_AVIF_BYTES = 8 * 1024 * 1024;
/**
 * Replaces `MAX_DECODER_BYTES`, within which this decoder could read one megapixel. Decoding is synchronous:
 * other requests of the isolate wait meanwhile.
 */
export const MAX_AVIF_DECODER_BYTES = 80 * 1024 * 1024;

interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

async function decode(file: Uint8Array, budget: DecoderMemory): Promise<{ pixels: Pixels; heapBytes: number }> {
  let heapBytes = () => 0;
  const decoder = await createDecoder({
    instantiateWasm: (imports, done) => {
      const started = boundedInstance(wasm, imports, budget);
      heapBytes = () => started.memory.buffer.byteLength;
      done(started.instance);
      return started.instance.exports;
    },
  });
  const decoded = decoder.decode(file, 8);
  if (decoded === null || !(decoded.data instanceof Uint8ClampedArray))
    throw new Error("the AVIF is damaged, or decoding it exceeds the memory limit");
  const { data, width, height } = decoded;
  return { pixels: { data, width, height }, heapBytes: heapBytes() };
}

/** Composites one row on white. */
function fillRow({ data, width }: Pixels, y: number, row: Uint8ClampedArray): void {
  for (let x = 0; x < width; x++) {
    const from = (y * width + x) * 4;
    const alpha = (data[from + 3] ?? 255) / 255;
    for (let i = 0; i < 3; i++) row[x * 3 + i] = (data[from + i] ?? 0) * alpha + 255 * (1 - alpha);
  }
}

/**
 * Decodes at most 4 megapixels from a file of at most 8 MB. Throws for others. Transparency becomes white. Returns the peak WebAssembly
 * memory too. `openSink` gets the same rows.
 */
export async function avifToJpeg(
  file: Uint8Array,
  limits: JpegLimits,
  openSink?: OpenRowSink,
): Promise<EncodedJpeg & { heapBytes: number }> {
  if (file.length > MAX_AVIF_BYTES) throw new Error("the AVIF is too large to decode: more than 8 MB");
  const source = memorySource(file);
  const content = emptyContent();
  await readHeif(source, content);
  const { rawWidth, rawHeight } = content;
  if (rawWidth * rawHeight > MAX_AVIF_PIXELS)
    throw new Error(`the AVIF is too large to decode: ${rawWidth} × ${rawHeight} pixels`);
  const transform = await readHeifTransform(source);
  const memory = decoderMemory(MAX_AVIF_DECODER_BYTES);
  // RGBA, and one row of RGB.
  memory.hold("pixels", rawWidth * rawHeight * 4 + rawWidth * 3);
  const { pixels, heapBytes } = await decode(file, memory);
  // The coded size can differ from the size in the container.
  memory.hold("pixels", pixels.data.length + pixels.width * 3);
  const crop = transform.cropOf(pixels.width, pixels.height);
  const { width, height } = crop;
  const encoder = encoderWithSink(
    { width, height, ...limits, orientation: transform.orientation, icc: content.icc, memory },
    openSink,
  );
  const row = new Uint8ClampedArray(pixels.width * 3);
  for (let y = 0; y < height; y++) {
    fillRow(pixels, crop.top + y, row);
    encoder.addRow(row, crop.left * 3);
  }
  return { ...encodedJpeg(encoder, { width, height, memory }), heapBytes };
}
