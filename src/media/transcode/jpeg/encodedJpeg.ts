/** The result and the limits that all decoders to JPEG share. */

export interface EncodedJpeg {
  /** The file in chunks. */
  pieces: Uint8Array[];
  sizeBytes: number;
  /** Stored size in pixels, before the orientation in its EXIF is applied. */
  width: number;
  height: number;
  /** Most memory that the decoder's buffers took, this file included; see `MAX_DECODER_BYTES`. */
  peakBytes: number;
}

export interface JpegLimits {
  /** 1 to 100. */
  quality: number;
  maxBytes: number;
}

/** Thrown when the encoded JPEG exceeds `JpegLimits.maxBytes`. */
export class JpegTooLargeError extends Error {}

/** Thrown for a truncated or damaged source file: other decoders would fail too. */
export class TruncatedFileError extends Error {}

/** A JPEG header stores each side in 16 bits. */
export const MAX_JPEG_SIDE_PX = 65_535;
/** Decoding takes about 0.2 s of CPU a megapixel, and a queue consumer has 30 s. */
export const MAX_DECODED_PIXELS = 104 * 1000 * 1000;

/** Throws if an image of this size is empty or too large to convert. `format` names the source in the message. */
export function requireConvertibleSize(width: number, height: number, format: string): void {
  if (width < 1 || height < 1) throw new Error(`the ${format} has no pixels`);
  if (Math.max(width, height) > MAX_JPEG_SIDE_PX || width * height > MAX_DECODED_PIXELS) {
    throw new Error(`the ${format} is too large to decode: ${width} × ${height} pixels`);
  }
}
