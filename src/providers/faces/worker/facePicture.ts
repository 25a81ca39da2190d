/** A picture in the kernel's memory, from which the inputs of networks are sampled. */
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import { MAX_FACE_IMAGE_EDGE_PX, type FaceKernel } from "./faceKernel.ts";

/** Maps a point of the target to the source: x' = a x + b y + c, y' = d x + e y + f. */
export type Transform = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** The range of values that a network expects: `pixel * scale + offset`. */
export interface ValueRange {
  scale: number;
  offset: number;
}

interface Level {
  address: number;
  width: number;
  height: number;
}

export interface FacePicture {
  width: number;
  height: number;
  /**
   * Samples `width` × `height` pixels to `target`. The transform maps their coordinates to those of the picture. Pixels
   * outside the picture are black.
   */
  sample(target: number, width: number, height: number, transform: Transform, range: ValueRange): void;
}

const PIXEL_BYTES = 4;

/** Copies a picture to the kernel, with its halves: a sample of a smaller size averages all pixels that it covers. */
export function loadFacePicture({ kernel, picture }: FaceKernel, { width, height, rgba }: RgbaImage): FacePicture {
  if (Math.max(width, height) > MAX_FACE_IMAGE_EDGE_PX || Math.min(width, height) < 1)
    throw new RangeError(`faces are searched in pictures of 1 to ${MAX_FACE_IMAGE_EDGE_PX} pixels a side`);
  const pixels = rgba.subarray(0, width * height * PIXEL_BYTES);
  if (pixels.length < width * height * PIXEL_BYTES) throw new RangeError("the picture has too few pixels");
  kernel.reserve(0).set(pixels, picture);
  const [halve, samplePixels] = [kernel.function("halve"), kernel.function("samplePixels")];
  const levels: Level[] = [{ address: picture, width, height }];
  for (let level = levels[0]; level !== undefined && Math.min(level.width, level.height) >= 2;) {
    const address = level.address + level.width * level.height * PIXEL_BYTES;
    halve(level.address, level.width, level.height, address);
    level = { address, width: level.width >> 1, height: level.height >> 1 };
    levels.push(level);
  }
  return {
    width,
    height,
    sample: (target, targetWidth, targetHeight, [a, b, c, d, e, f], { scale, offset }) => {
      const step = Math.max(1, Math.hypot(a, d));
      const index = Math.min(levels.length - 1, Math.floor(Math.log2(step) + 1e-6));
      const level = levels[index];
      if (level === undefined) return;
      const matrix = [a, b, c, d, e, f].map((value) => value / 2 ** index);
      const [outSize, size] = [
        [targetWidth, targetHeight],
        [level.width, level.height],
      ];
      samplePixels(level.address, ...size, target, ...outSize, ...matrix, scale, offset);
    },
  };
}
