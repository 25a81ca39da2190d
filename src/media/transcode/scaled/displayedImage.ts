import { toSrgb } from "../colour/toSrgb.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { orientImage } from "./orientImage.ts";
import { UnsupportedImageError } from "./unsupportedImage.ts";

/** Converts a decoded image to sRGB and turns it upright. Throws `UnsupportedImageError` for other kinds of profiles. */
export function displayedImage(
  image: RgbaImage,
  { orientation, icc }: { orientation: number; icc: Uint8Array | null },
): RgbaImage {
  const converted = icc === null ? image : toSrgb(image, icc);
  if (converted === null) throw new UnsupportedImageError("colour profile that is not made of a matrix and curves");
  return orientImage(converted, orientation);
}
