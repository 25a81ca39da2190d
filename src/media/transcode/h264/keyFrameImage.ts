import type { RgbaImage } from "../rgbaImage.ts";
import { openPlanesImage } from "../video/planesImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import type { H264Picture } from "./decodeKeyFrame.ts";

/**
 * Converts a picture to RGBA whose longest edge is at most `edgePx`, with square pixels, as stored: the caller applies
 * the rotation of the track. Throws `DecoderMemoryError` beyond `MAX_KEY_FRAME_IMAGE_BYTES`.
 */
export async function keyFrameImage(
  { planes, pixelAspect }: Pick<H264Picture, "planes" | "pixelAspect">,
  edgePx: number,
): Promise<RgbaImage> {
  const image = openPlanesImage(planes, pixelAspect, edgePx);
  for (let y = 0; y < planes.height; y++) {
    image.addRow();
    await yieldToRequests(planes.width * 4);
  }
  return image.finish();
}
