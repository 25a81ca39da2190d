/** Finds the frame that shows an animation: the first one that is not blank. */
import type { DecoderMemory } from "../decoderMemory.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import type { Animation, AnimationFrame } from "./animation.ts";
import { copyPixels, isBlank, replacePixels } from "./canvas.ts";

/** Frames to look at: five seconds at 20 frames a second. */
export const MAX_EXAMINED_FRAMES = 100;
/** Sum of the pixels of the frames to look at: about two seconds of CPU. */
export const MAX_EXAMINED_PIXELS = 100 * 1000 * 1000;
/** Largest canvas: 12 MB of pixels, and as much for an area that is restored. */
export const MAX_COMPOSED_PIXELS = 3 * 1000 * 1000;

export interface VisibleFrame {
  image: RgbaImage;
  /** From 0. */
  index: number;
}

/** Names the frame in the result of a task. */
export function visibleFrameNote(index: number): string {
  return `shows frame ${index + 1}, the first that is not blank`;
}

/** Prepares the canvas for the next frame. */
function dispose(canvas: RgbaImage, frame: AnimationFrame, before: Uint8Array | null): void {
  if (frame.disposal === "clear") replacePixels(canvas, frame, null);
  else if (before !== null) replacePixels(canvas, frame, before);
}

/**
 * Composes frames until one is neither of one colour nor transparent. Null if the canvas is too large, or if all of the
 * frames that may be looked at are blank.
 */
export async function findVisibleFrame(animation: Animation, memory: DecoderMemory): Promise<VisibleFrame | null> {
  return await composeFrames(animation, memory, (canvas) => !isBlank(canvas));
}

/** Composes the first frame, whatever it shows. Null if the canvas is too large or the file has no frame. */
export async function firstFrame(animation: Animation, memory: DecoderMemory): Promise<VisibleFrame | null> {
  return await composeFrames(animation, memory, () => true);
}

async function composeFrames(
  animation: Animation,
  memory: DecoderMemory,
  isWanted: (canvas: RgbaImage) => boolean,
): Promise<VisibleFrame | null> {
  const { width, height, frames } = animation;
  if (width * height < 1 || width * height > MAX_COMPOSED_PIXELS) return null;
  memory.hold("canvas", width * height * 4);
  const canvas = { width, height, rgba: new Uint8Array(width * height * 4) };
  let [index, pixels] = [0, 0];
  for await (const frame of frames) {
    pixels += frame.width * frame.height + width * height;
    if (index === MAX_EXAMINED_FRAMES || pixels > MAX_EXAMINED_PIXELS) return null;
    const restores = frame.disposal === "restore";
    memory.hold("restored", restores ? width * height * 4 : 0);
    const before = restores ? copyPixels(canvas, frame) : null;
    await frame.draw(canvas);
    await yieldToRequests(width * height * 4);
    if (isWanted(canvas)) return { image: canvas, index };
    dispose(canvas, frame, before);
    index++;
  }
  return null;
}
