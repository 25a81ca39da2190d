/** Size of an image whose longest edge is scaled down to a limit. */

export interface Size {
  width: number;
  height: number;
}

/**
 * Returns the size in pixels with a longest edge of at most `edgePx` (null: any). Never enlarges; the shorter edge
 * rounds to the nearest pixel and is at least 1.
 */
export function scaledSize({ width, height }: Size, edgePx: number | null): Size {
  const scale = edgePx === null ? 1 : Math.min(1, edgePx / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
