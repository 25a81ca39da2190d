import type { RgbaImage } from "../rgbaImage.ts";

/** First pixel of a displayed row and the steps to the next pixel and row, as factors of width and height. */
interface Walk {
  swapsSides: boolean;
  startsRight: boolean;
  startsBottom: boolean;
}

/** How the stored pixels are walked in displayed order, by EXIF orientation (Exif 3.0 §4.6.5.1.6). */
const walks: Record<number, Walk> = {
  2: { swapsSides: false, startsRight: true, startsBottom: false },
  3: { swapsSides: false, startsRight: true, startsBottom: true },
  4: { swapsSides: false, startsRight: false, startsBottom: true },
  5: { swapsSides: true, startsRight: false, startsBottom: false },
  6: { swapsSides: true, startsRight: false, startsBottom: true },
  7: { swapsSides: true, startsRight: true, startsBottom: true },
  8: { swapsSides: true, startsRight: true, startsBottom: false },
};

/** Turns stored pixels upright. `orientation` is an EXIF orientation; returns the image itself for 1 and unknown ones. */
export function orientImage(image: RgbaImage, orientation: number): RgbaImage {
  const walk = walks[orientation];
  if (walk === undefined) return image;
  const { width, height, rgba } = image;
  const { buffer, byteOffset, byteLength } = rgba;
  const isAligned = byteOffset % 4 === 0;
  const stored = isAligned ? new Uint32Array(buffer, byteOffset, byteLength / 4) : new Uint32Array(rgba.slice().buffer);
  const upright = new Uint32Array(width * height);
  const [shownWidth, shownHeight] = walk.swapsSides ? [height, width] : [width, height];
  const across = walk.startsRight ? -1 : 1;
  const down = walk.startsBottom ? -width : width;
  const start = (walk.startsRight ? width - 1 : 0) + (walk.startsBottom ? (height - 1) * width : 0);
  const [nextPixel, nextRow] = walk.swapsSides ? [down, across] : [across, down];
  let to = 0;
  for (let y = 0; y < shownHeight; y++) {
    let from = start + y * nextRow;
    for (let x = 0; x < shownWidth; x++, from += nextPixel) upright[to++] = stored[from] ?? 0;
  }
  return { width: shownWidth, height: shownHeight, rgba: new Uint8Array(upright.buffer) };
}
