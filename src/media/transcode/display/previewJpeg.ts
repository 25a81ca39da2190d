/** Converts a preview to JPEG for caption models, many of which read no WebP. */
import { decoderMemory } from "../decoderMemory.ts";
import { encodedJpeg, jpegEncoder } from "../jpeg/jpegEncoder.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { concat } from "../../inspect/bytes/bytes.ts";

const QUALITY = 85;
/** A preview of 1440 pixels takes less than 1 MB. */
const MAX_JPEG_BYTES = 4 * 1024 * 1024;

/** Composites one row on white. */
function fillRow({ rgba, width }: RgbaImage, y: number, row: Uint8ClampedArray): void {
  for (let x = 0; x < width; x++) {
    const from = (y * width + x) * 4;
    const alpha = (rgba[from + 3] ?? 255) / 255;
    for (let i = 0; i < 3; i++) row[x * 3 + i] = (rgba[from + i] ?? 0) * alpha + 255 * (1 - alpha);
  }
}

/** Encodes an image as JPEG of quality 85. Transparency becomes white. Throws `JpegTooLargeError` beyond 4 MiB. */
export function encodePreviewJpeg(image: RgbaImage): Uint8Array {
  const { width, height } = image;
  const memory = decoderMemory();
  const encoder = jpegEncoder({
    width,
    height,
    quality: QUALITY,
    orientation: 1,
    icc: null,
    maxBytes: MAX_JPEG_BYTES,
    memory,
  });
  const row = new Uint8ClampedArray(width * 3);
  for (let y = 0; y < height; y++) {
    fillRow(image, y, row);
    encoder.addRow(row, 0);
  }
  return concat(encodedJpeg(encoder, { width, height, memory }).pieces);
}
