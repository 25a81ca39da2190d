import type { RgbaImage } from "../rgbaImage.ts";

export interface LumaPlane {
  width: number;
  height: number;
  /** Luma Y′ of BT.709 from the stored sRGB values, 0 to 255, row by row. */
  luma: Float32Array;
  /** 1 for pixels that count, 0 for mostly transparent ones. */
  opaque: Uint8Array;
  opaquePixels: number;
}

/** Below half, the background behind the image dominates. */
const MIN_ALPHA = 128;

/** ITU-R BT.709-6 §3.2. */
function lumaOf(red: number, green: number, blue: number): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Converts an image to the plane that most quality metrics use. */
export function createLumaPlane(image: RgbaImage): LumaPlane {
  const { width, height, rgba } = image;
  const luma = new Float32Array(width * height);
  const opaque = new Uint8Array(width * height);
  let opaquePixels = 0;
  for (let i = 0; i < luma.length; i++) {
    luma[i] = lumaOf(rgba[i * 4] ?? 0, rgba[i * 4 + 1] ?? 0, rgba[i * 4 + 2] ?? 0);
    if ((rgba[i * 4 + 3] ?? 0) < MIN_ALPHA) continue;
    opaque[i] = 1;
    opaquePixels += 1;
  }
  return { width, height, luma, opaque, opaquePixels };
}
