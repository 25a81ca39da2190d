import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { forwardReader } from "../forwardReader.ts";
import { openGif, storedRowOrder, type GifFrame, type GifReader } from "../gif/gifReader.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { clipArea, type Animation, type AnimationFrame, type Disposal } from "./animation.ts";

const DISPOSALS: Partial<Record<number, Disposal>> = { 2: "clear", 3: "restore" };

async function drawFrame(gif: GifReader, frame: GifFrame, canvas: RgbaImage): Promise<void> {
  const pixels = new Uint32Array(canvas.rgba.buffer, canvas.rgba.byteOffset, canvas.width * canvas.height);
  const { left, top, width, height } = clipArea(frame, canvas);
  const rowAt = storedRowOrder(frame);
  let stored = 0;
  await gif.readRows((indexes) => {
    const y = rowAt(stored++);
    if (y >= height) return;
    const start = (top + y) * canvas.width + left;
    for (let x = 0; x < width; x++) {
      const colour = frame.palette[indexes[x] ?? 0] ?? 0;
      if (colour !== 0) pixels[start + x] = colour;
    }
  });
}

async function* framesOf(gif: GifReader, first: GifFrame | null): AsyncGenerator<AnimationFrame, void, undefined> {
  for (let frame = first; frame !== null; frame = await gif.nextFrame()) {
    const { left, top, width, height, disposal } = frame;
    const current = frame;
    const draw = async (canvas: RgbaImage) => await drawFrame(gif, current, canvas);
    yield { left, top, width, height, disposal: DISPOSALS[disposal] ?? "keep", draw };
  }
}

/** Opens a GIF. As in browsers, a logical screen that is smaller than the first frame, or 0 × 0, grows to it. */
export async function gifAnimation(source: ByteSource, memory: DecoderMemory): Promise<Animation> {
  const gif = await openGif(forwardReader(source, memory));
  const first = await gif.nextFrame();
  const width = Math.max(gif.width, first === null ? 0 : first.left + first.width);
  const height = Math.max(gif.height, first === null ? 0 : first.top + first.height);
  return { width, height, frames: framesOf(gif, first) };
}
