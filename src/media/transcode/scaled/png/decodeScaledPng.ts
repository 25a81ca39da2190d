/** Decodes a PNG to a smaller image, row by row; an interlaced one as a whole. */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { forwardReader } from "../../forwardReader.ts";
import { INFLATE_MEMORY_BYTES, inflateStream } from "../../inflateStream.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { compressedPixels, readPngHeader, type PngHeader } from "../../png/pngChunks.ts";
import { yieldToRequests } from "../../yieldToRequests.ts";
import type { ImageArea } from "../imageArea.ts";
import { openAreaResizer } from "../openResizer.ts";
import { pngRowBytes, startPngRows } from "./pngKernel.ts";
import { pngPasses, type PngPass } from "./pngPasses.ts";

/** Takes a row of RGBA, which is valid until the next one. */
type UsePixels = (pixels: Uint8Array, pass: PngPass, row: number) => void;

/** Collects the rows of all passes. Returns false until the last one is complete. */
function rowCollector(header: PngHeader, memory: DecoderMemory, use: UsePixels): (piece: Uint8Array) => boolean {
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

/** Copies the pixels of a pass to their places. */
function scatter(image: Uint32Array, width: number, pixels: Uint8Array, pass: PngPass, row: number): void {
  const from = new Uint32Array(pixels.buffer, pixels.byteOffset, pass.width);
  let to = (pass.firstRow + row * pass.rowStep) * width + pass.firstColumn;
  for (const pixel of from) {
    image[to] = pixel;
    to += pass.columnStep;
  }
}

interface ScaledPngOptions {
  edgePx: number;
  area: ImageArea | null;
  orientation: number;
  memory: DecoderMemory;
}

/**
 * Decodes PNGs of all colour types and depths to an image whose longest edge is at most `edgePx`, as stored: orientation
 * and colour profile are left to the caller. Throws for oversized and damaged files, and for interlaced ones whose
 * pixels exceed the memory.
 */
export async function decodeScaledPng(
  source: ByteSource,
  { edgePx, area, orientation, memory }: ScaledPngOptions,
): Promise<RgbaImage> {
  const reader = forwardReader(source, memory);
  const { header, pixelBytes } = await readPngHeader(reader);
  const { width, height, isInterlaced } = header;
  memory.hold("inflate", INFLATE_MEMORY_BYTES);
  const resizer = openAreaResizer({ from: header, area, edgePx, orientation }, memory);
  if (isInterlaced) memory.hold("interlaced", width * height * 4);
  const whole = new Uint32Array(isInterlaced ? width * height : 0);
  const collect = rowCollector(header, memory, (pixels, pass, row) => {
    if (isInterlaced) scatter(whole, width, pixels, pass, row);
    else resizer.addRow(pixels);
  });
  const bytes = pngPasses(header).reduce((sum, pass) => sum + pngRowBytes(header, pass.width) * pass.height, 0);
  for await (const piece of inflateStream(
    compressedPixels(reader, pixelBytes),
    bytes,
    "the PNG's pixel data is damaged",
  )) {
    await yieldToRequests(piece.length);
    if (!collect(piece)) continue;
    const rgba = new Uint8Array(whole.buffer);
    for (let at = 0; at < rgba.length; at += width * 4) resizer.addRow(rgba.subarray(at, at + width * 4));
    return resizer.finish();
  }
  throw new TruncatedFileError("the PNG is truncated");
}
