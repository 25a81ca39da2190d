import type { Planes } from "../heif/planes.ts";

/** A picture of MPEG-1, MPEG-2, MPEG-4 part 2 or H.263. */
export interface MpegPicture {
  /** Unspecified matrix coefficients (2) are kept. */
  planes: Planes;
  /** Width and height of a pixel. */
  pixelAspect: { width: number; height: number };
}

/** Memory of the kernel: the picture (12.4 MB at 3840 × 2160), what blocks are predicted from, and the data. */
export const MAX_MPEG_MEMORY_BYTES = 32 * 1024 * 1024;

/** Largest key frame: HDV has 0.3 MB. */
export const MAX_MPEG_SAMPLE_BYTES = 6 * 1024 * 1024;

/** Larger pictures than 4K exceed the memory. */
export const MAX_MPEG_PIXELS = 4096 * 2304;
