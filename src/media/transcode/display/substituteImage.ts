/** Makes the image that replaces an original which the renderer reads wrongly: damaged, or with a blank first frame. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import { readImageContent, readOrientation } from "../../inspect/imageInfo.ts";
import { openAnimation } from "../animation/openAnimation.ts";
import { findVisibleFrame, firstFrame, MAX_COMPOSED_PIXELS, type VisibleFrame } from "../animation/visibleFrame.ts";
import { decoderMemory, MAX_DECODER_BYTES } from "../decoderMemory.ts";
import { decodeDamaged } from "../scaled/decodeScaled.ts";
import { MAX_SCALED_WEBP_BYTES } from "../scaled/decodeScaledWebp.ts";
import { displayedImage } from "../scaled/displayedImage.ts";
import type { ScaledImage } from "../scaled/scaledImage.ts";
import { MAX_DISPLAY_READ_BYTES } from "./displayImage.ts";

/** Most memory to compose the frames of an animation. */
export function animationMemoryBytes(family: MediaFamily): number {
  return family === "webp" ? MAX_SCALED_WEBP_BYTES : MAX_DECODER_BYTES;
}

async function composeFrame(
  source: ByteSource,
  family: MediaFamily,
  compose: typeof findVisibleFrame,
): Promise<VisibleFrame | null> {
  const memory = decoderMemory(animationMemoryBytes(family));
  const animation = await openAnimation(source, family, memory);
  const frame = animation === null ? null : await compose(animation, memory);
  if (frame === null) return null;
  const budget = inspectionBudget();
  const content = await readImageContent(boundedSource(source, MAX_DISPLAY_READ_BYTES, budget), family, budget);
  const orientation = content === null ? 1 : ((await readOrientation(content)) ?? 1);
  return { ...frame, image: displayedImage(frame.image, { orientation, icc: content?.icc ?? null }) };
}

/**
 * Composes the first frame of a GIF, WebP or APNG that isn't blank, upright and in sRGB. Null if all frames are blank
 * that may be looked at, or beyond `MAX_COMPOSED_PIXELS`. Throws for damaged files.
 */
export async function visibleFrameImage(source: ByteSource, family: MediaFamily): Promise<VisibleFrame | null> {
  return await composeFrame(source, family, findVisibleFrame);
}

/** Composes the first frame, whatever it shows. */
export async function firstFrameImage(source: ByteSource, family: MediaFamily): Promise<VisibleFrame | null> {
  return await composeFrame(source, family, firstFrame);
}

/** Decodes a damaged PNG as far as it goes; one of more than `MAX_COMPOSED_PIXELS` becomes smaller. */
export async function damagedPngImage(
  source: ByteSource,
  { width, height }: { width: number; height: number },
): Promise<ScaledImage> {
  const factor = Math.min(1, Math.sqrt(MAX_COMPOSED_PIXELS / Math.max(1, width * height)));
  return await decodeDamaged(source, "png", Math.max(1, Math.floor(Math.max(width, height) * factor)));
}
