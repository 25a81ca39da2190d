/** An animation whose frames are drawn one after another on a canvas. */
import type { RgbaImage } from "../rgbaImage.ts";
import type { Size } from "../resize/scaledSize.ts";

/** What happens to the frame's area before the next frame: it stays, becomes transparent, or what it was before. */
export type Disposal = "keep" | "clear" | "restore";

export interface FrameArea extends Size {
  left: number;
  top: number;
}

export interface AnimationFrame extends FrameArea {
  disposal: Disposal;
  /** Draws the frame. Frames that aren't drawn are skipped. Parts beyond the canvas are left out. */
  draw(canvas: RgbaImage): Promise<void>;
}

export interface Animation extends Size {
  /** In order. Damage ends them. */
  frames: AsyncIterable<AnimationFrame>;
}

/** The part of an area that is on the canvas. */
export function clipArea({ left, top, width, height }: FrameArea, canvas: Size): FrameArea {
  const right = Math.min(left + width, canvas.width);
  const bottom = Math.min(top + height, canvas.height);
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}
