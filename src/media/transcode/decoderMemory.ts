/** The memory ceiling of one decoder. An isolate has 128 MB, which the decoder shares with concurrent requests. */

/**
 * Largest sum of a decoder's buffers: input windows, rows, bands, tables, WebAssembly memory and the encoded JPEG. An
 * original that the caller holds in memory comes on top.
 */
export const MAX_DECODER_BYTES = 48 * 1024 * 1024;

/**
 * Replaces `MAX_DECODER_BYTES` for decoders that hold a whole image: of AVIF, JPEG XL and untiled HEIC. The file in
 * JavaScript is part of it. With the rows of a preview it is what a decoder and the uploads of an isolate share.
 */
export const MAX_WHOLE_IMAGE_BYTES = 88 * 1024 * 1024;

/** Thrown before a decoder would exceed `MAX_DECODER_BYTES`. Its message is the recorded reason. */
export class DecoderMemoryError extends Error {}

export interface DecoderMemory {
  /**
   * Sets the size of a named part of the decoder's buffers. Called before the allocation; throws `DecoderMemoryError`
   * if the sum would exceed the ceiling.
   */
  hold(part: string, bytes: number): void;
  /** The most that a part may take beside the others. */
  roomFor(part: string): number;
  /** The largest sum so far. */
  peakBytes(): number;
}

/** Creates the account of one decoder. */
export function decoderMemory(maxBytes = MAX_DECODER_BYTES): DecoderMemory {
  const parts = new Map<string, number>();
  let total = 0;
  let peak = 0;
  return {
    hold: (part, bytes) => {
      const sum = total + bytes - (parts.get(part) ?? 0);
      if (sum > maxBytes) {
        const limit = Math.floor(maxBytes / 2 ** 20);
        throw new DecoderMemoryError(`decoding the image needs more than the memory limit of ${limit} MB`);
      }
      parts.set(part, bytes);
      total = sum;
      peak = Math.max(peak, total);
    },
    roomFor: (part) => maxBytes - total + (parts.get(part) ?? 0),
    peakBytes: () => peak,
  };
}
