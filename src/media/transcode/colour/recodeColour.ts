/** Corrects pixels that a decoder converted from YCbCr with other coefficients than those of the film. */
import { lumaWeights } from "../heif/planes.ts";
import type { RgbaImage } from "../rgbaImage.ts";

/** Conversion of YCbCr: a code of ITU-T H.273 for the matrix, and the range. */
export interface ColourCoding {
  matrix: number;
  isFullRange: boolean;
}

/** Limited range has luma from 16 to 235 and chroma from 16 to 240. */
const BLACK = 16;
const LUMA_STEPS = 219;
const CHROMA_STEPS = 224;
const FULL_STEPS = 255;

/** Converts pixels back as `decoded` and again as `actual`, in place. What the decoder clipped stays clipped. */
export function recodeColour({ rgba }: RgbaImage, decoded: ColourCoding, actual: ColourCoding): void {
  const [fromRed, fromBlue] = lumaWeights(decoded.matrix);
  const [toRed, toBlue] = lumaWeights(actual.matrix);
  const toGreen = 1 - toRed - toBlue;
  const stepsOf = ({ isFullRange }: ColourCoding, limited: number) => (isFullRange ? FULL_STEPS : limited);
  const lumaScale = stepsOf(decoded, LUMA_STEPS) / stepsOf(actual, LUMA_STEPS);
  const blackOf = ({ isFullRange }: ColourCoding) => (isFullRange ? 0 : BLACK);
  const lumaOffset = ((blackOf(decoded) - blackOf(actual)) * FULL_STEPS) / stepsOf(actual, LUMA_STEPS);
  const chromaScale = stepsOf(decoded, CHROMA_STEPS) / stepsOf(actual, CHROMA_STEPS);
  const redScale = (chromaScale * (1 - toRed)) / (1 - fromRed);
  const blueScale = (chromaScale * (1 - toBlue)) / (1 - fromBlue);
  const pixel = new Uint8ClampedArray(3);
  for (let at = 0; at < rgba.length; at += 4) {
    const [red, green, blue] = [rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0];
    const decodedLuma = fromRed * red + (1 - fromRed - fromBlue) * green + fromBlue * blue;
    const luma = decodedLuma * lumaScale + lumaOffset;
    const redDifference = (red - decodedLuma) * redScale;
    const blueDifference = (blue - decodedLuma) * blueScale;
    pixel[0] = luma + redDifference;
    pixel[1] = luma - (toRed * redDifference + toBlue * blueDifference) / toGreen;
    pixel[2] = luma + blueDifference;
    rgba.set(pixel, at);
  }
}
