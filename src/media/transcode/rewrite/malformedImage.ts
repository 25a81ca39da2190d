/**
 * Thrown for an image that can't be rewritten. The message completes a sentence about the file ("is truncated") and is
 * shown to clients.
 */
export class MalformedImageError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "MalformedImageError";
  }
}

export interface ImageSize {
  width: number;
  height: number;
}

export interface RewrittenBytes {
  /** Each chunk is valid until the next one is requested. */
  bytes: AsyncIterable<Uint8Array>;
  /** Zero until the header has been read from `bytes`. */
  size: ImageSize;
}
