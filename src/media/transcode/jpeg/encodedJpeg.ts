/** What every decoder here gives, a JPEG in pieces with the size of the picture in it, and what it is told beforehand. */

export interface EncodedJpeg {
  pieces: Uint8Array[];
  sizeBytes: number;
  /** As stored, before any turn that its EXIF asks for. */
  width: number;
  height: number;
}

export interface JpegLimits {
  /** 1 to 100. */
  quality: number;
  maxBytes: number;
}

/** The JPEG that is being made is longer than was allowed. */
export class JpegTooLong extends Error {}

/** The file itself is at fault: no other decoder can do better. */
export class CutShort extends Error {}
