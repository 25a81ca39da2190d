import type { DecoderMemory } from "../../decoderMemory.ts";
import type { PngHeader } from "../../png/pngChunks.ts";
import { startPngRows } from "./pngKernel.ts";
import { pngPasses, type PngPass } from "./pngPasses.ts";

/** Takes a row of RGBA, which is valid until the next one. */
export type UsePixels = (pixels: Uint8Array, pass: PngPass, row: number) => void;

/**
 * Collects the inflated bytes of a PNG to rows of pixels, of all passes. The result returns false until the last row is
 * complete.
 */
export function pngRowCollector(
  header: PngHeader,
  memory: DecoderMemory,
  use: UsePixels,
): (piece: Uint8Array) => boolean {
  const passes = pngPasses(header);
  let pass = passes.shift();
  let rows = startPngRows(header, pass?.width ?? 0, memory);
  let filled = 0;
  let row = 0;
  const completeRow = () => {
    if (pass === undefined) return;
    use(rows.nextPixels(), pass, row++);
    filled = 0;
    if (row < pass.height) return;
    pass = passes.shift();
    row = 0;
    if (pass !== undefined) rows = startPngRows(header, pass.width, memory);
  };
  return (piece) => {
    for (let at = 0; at < piece.length;) {
      if (pass === undefined) return true;
      const part = piece.subarray(at, at + rows.row.length - filled);
      rows.row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === rows.row.length) completeRow();
    }
    return pass === undefined;
  };
}
