import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import type { Size } from "../resize/scaledSize.ts";
import { decodeWebp, MAX_WEBP_DECODER_BYTES } from "../webp/decodeWebp.ts";
import type { ImageArea } from "./imageArea.ts";
import { openAreaResizer } from "./openResizer.ts";
import { UnsupportedImageError } from "./unsupportedImage.ts";

/** Pixels of a WebP original that the Worker decodes: libwebp has no scaled decoding, so all are in memory. */
export const MAX_SCALED_WEBP_PIXELS = 4 * 1000 * 1000;
/** The file is held in JavaScript, and copied to the decoder's memory. */
export const MAX_SCALED_WEBP_FILE_BYTES = 6 * 1024 * 1024;
/** Replaces `MAX_DECODER_BYTES` for WebP: the file, the decoder's memory, its pixels, the filter and the result. */
export const MAX_SCALED_WEBP_BYTES = 98 * 1024 * 1024;

interface ScaledWebpOptions {
  size: Size;
  edgePx: number;
  area: ImageArea | null;
  orientation: number;
  memory: DecoderMemory;
}

/**
 * Decodes a still WebP to an image whose longest edge is at most `edgePx`, as stored. `size` is that in the header.
 * Throws for animated, damaged and larger files.
 */
export async function decodeScaledWebp(
  source: ByteSource,
  { size, edgePx, area, orientation, memory }: ScaledWebpOptions,
): Promise<RgbaImage> {
  const { width, height } = size;
  if (width * height > MAX_SCALED_WEBP_PIXELS)
    throw new UnsupportedImageError(`WebP of more than 4 megapixels: ${width} × ${height}`);
  if (source.sizeBytes > MAX_SCALED_WEBP_FILE_BYTES) throw new UnsupportedImageError("WebP of more than 6 MB");
  memory.hold("webp", source.sizeBytes + MAX_WEBP_DECODER_BYTES + width * height * 4);
  const image = await decodeWebp(await source.read(0, source.sizeBytes));
  const resizer = openAreaResizer({ from: image, area, edgePx, orientation }, memory);
  const stride = image.width * 4;
  for (let at = 0; at < image.rgba.length; at += stride) resizer.addRow(image.rgba.subarray(at, at + stride));
  return resizer.finish();
}
