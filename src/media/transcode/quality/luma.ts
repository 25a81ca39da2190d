/** A picture as luma, the plane that most quality figures are computed on. Judges nothing. */
import type { Picture } from "../png/decodePng.ts";

export interface LumaPlane {
  width: number;
  height: number;
  /** Y′ of BT.709 on the sRGB values as they are stored, 0 to 255, row by row. */
  luma: Float32Array;
  /** 1 where the pixel counts, 0 where it is more transparent than not. */
  counted: Uint8Array;
  countedPixels: number;
}

/** Below half, what is seen there is mostly the page behind the picture, which says nothing of the picture. */
const MIN_ALPHA = 128;

/** ITU-R BT.709-6 §3.2. */
function lumaOf(red: number, green: number, blue: number): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function lumaPlane(picture: Picture): LumaPlane {
  const { width, height, rgba } = picture;
  const luma = new Float32Array(width * height);
  const counted = new Uint8Array(width * height);
  let countedPixels = 0;
  for (let i = 0; i < luma.length; i++) {
    luma[i] = lumaOf(rgba[i * 4] ?? 0, rgba[i * 4 + 1] ?? 0, rgba[i * 4 + 2] ?? 0);
    if ((rgba[i * 4 + 3] ?? 0) < MIN_ALPHA) continue;
    counted[i] = 1;
    countedPixels += 1;
  }
  return { width, height, luma, counted, countedPixels };
}
