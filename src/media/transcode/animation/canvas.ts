/** Composes the frames of an animation in straight RGBA. */
import type { RgbaImage } from "../rgbaImage.ts";
import { clipArea, type FrameArea } from "./animation.ts";

/** Draws `over` on the pixel at `at` with straight alpha. */
function blendPixel(target: Uint8Array, at: number, over: Uint8Array, from: number): void {
  const alpha = over[from + 3] ?? 0;
  if (alpha === 0) return;
  const below = ((target[at + 3] ?? 0) * (255 - alpha)) / 255;
  const total = alpha + below;
  for (let i = 0; i < 3; i++) {
    target[at + i] = Math.round(((over[from + i] ?? 0) * alpha + (target[at + i] ?? 0) * below) / total);
  }
  target[at + 3] = Math.round(total);
}

/** Draws a row of RGBA on the canvas, from `left`; pixels are `step` columns apart. `blends`: transparency shows what is below. */
export function drawRow(
  canvas: RgbaImage,
  row: Uint8Array,
  { left, top, step = 1, blends }: { left: number; top: number; step?: number; blends: boolean },
): void {
  if (top >= canvas.height) return;
  const count = Math.min(row.length / 4, Math.ceil((canvas.width - left) / step));
  let at = (top * canvas.width + left) * 4;
  for (let from = 0; from < count * 4; from += 4, at += step * 4) {
    if (blends && row[from + 3] !== 255) blendPixel(canvas.rgba, at, row, from);
    else for (let i = 0; i < 4; i++) canvas.rgba[at + i] = row[from + i] ?? 0;
  }
}

/** Copies the pixels of an area. */
export function copyPixels(canvas: RgbaImage, area: FrameArea): Uint8Array {
  const { left, top, width, height } = clipArea(area, canvas);
  const copy = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const at = ((top + row) * canvas.width + left) * 4;
    copy.set(canvas.rgba.subarray(at, at + width * 4), row * width * 4);
  }
  return copy;
}

/** Replaces the pixels of an area; null makes them transparent. */
export function replacePixels(canvas: RgbaImage, area: FrameArea, pixels: Uint8Array | null): void {
  const { left, top, width, height } = clipArea(area, canvas);
  for (let row = 0; row < height; row++) {
    const at = ((top + row) * canvas.width + left) * 4;
    if (pixels === null) canvas.rgba.fill(0, at, at + width * 4);
    else canvas.rgba.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), at);
  }
}

/** Levels by which pixels of one colour may differ: lossy compression adds some. */
const BLANK_TOLERANCE = 6;

/** Whether an image has one colour, or is transparent. Ends at the first pixel that differs. */
export function isBlank({ rgba }: RgbaImage): boolean {
  const isClear = (rgba[3] ?? 0) <= BLANK_TOLERANCE;
  const differs = (a: number | undefined, b: number | undefined) => Math.abs((a ?? 0) - (b ?? 0)) > BLANK_TOLERANCE;
  for (let at = 4; at < rgba.length; at += 4) {
    if (differs(rgba[at + 3], rgba[3])) return false;
    if (isClear) continue;
    if (differs(rgba[at], rgba[0]) || differs(rgba[at + 1], rgba[1]) || differs(rgba[at + 2], rgba[2])) return false;
  }
  return true;
}
