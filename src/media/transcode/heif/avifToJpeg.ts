/** Converts AVIF to JPEG with dav1d. */
import { decoderMemory, MAX_WHOLE_IMAGE_BYTES } from "../decoderMemory.ts";
import type { JpegLimits } from "../jpeg/encodedJpeg.ts";
import type { OpenRowSink } from "../scaled/rowSink.ts";
import { openAvif } from "./avifImage.ts";
import { openHeifFile } from "./heifFile.ts";
import { heifToJpeg, type DecodedHeif } from "./heifImage.ts";

/**
 * Decodes and encodes; transparency becomes white. 12 megapixels take 26 MB (8 bits, 4:2:0) to 82 MB (10 bits, 4:4:4).
 * Decoding is synchronous: other requests of the isolate wait meanwhile. `openSink` gets the same rows. Throws the
 * reason for damaged files and beyond the memory.
 */
export async function avifToJpeg(file: Uint8Array, limits: JpegLimits, openSink?: OpenRowSink): Promise<DecodedHeif> {
  const memory = decoderMemory(MAX_WHOLE_IMAGE_BYTES);
  memory.hold("file", file.length);
  const image = await openAvif(await openHeifFile(file), memory);
  return await heifToJpeg(file, image, limits, memory, openSink);
}
