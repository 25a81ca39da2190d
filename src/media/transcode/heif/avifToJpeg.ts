/** Converts AVIF to JPEG with dav1d. */
import { decoderMemory } from "../decoderMemory.ts";
import type { JpegLimits } from "../jpeg/encodedJpeg.ts";
import type { OpenRowSink } from "../scaled/rowSink.ts";
import { openAvif } from "./avifImage.ts";
import { openHeifFile } from "./heifFile.ts";
import { heifToJpeg, type DecodedHeif } from "./heifImage.ts";

/** The file is in memory beside the decoder, which needs more of it than others. */
export const MAX_AVIF_BYTES = 8 * 1024 * 1024;
/**
 * Replaces `MAX_DECODER_BYTES`: an image of one tile is decoded at once. 12 megapixels take 26 MB (8 bits, 4:2:0) to
 * 82 MB (10 bits, 4:4:4). Decoding is synchronous: other requests of the isolate wait meanwhile.
 */
export const MAX_AVIF_DECODER_BYTES = 80 * 1024 * 1024;

/** Decodes and encodes; transparency becomes white. `openSink` gets the same rows. Throws the reason for others. */
export async function avifToJpeg(file: Uint8Array, limits: JpegLimits, openSink?: OpenRowSink): Promise<DecodedHeif> {
  if (file.length > MAX_AVIF_BYTES) throw new Error("the AVIF is too large to decode: more than 8 MB");
  const memory = decoderMemory(MAX_AVIF_DECODER_BYTES);
  const image = await openAvif(await openHeifFile(file), memory);
  return await heifToJpeg(file, image, limits, memory, openSink);
}
