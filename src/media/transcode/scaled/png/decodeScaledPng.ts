/** Decodes a PNG to a smaller image, row by row; an interlaced one as a whole. */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { forwardReader, type ForwardReader } from "../../forwardReader.ts";
import { INFLATE_MEMORY_BYTES, inflateStream } from "../../inflateStream.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { RowResizer } from "../../resize/rowResizer.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { compressedPixels, readPngHeader, type PngHeader } from "../../png/pngChunks.ts";
import { yieldToRequests } from "../../yieldToRequests.ts";
import type { ImageArea } from "../imageArea.ts";
import { acceptDamage } from "../imageDamage.ts";
import { openAreaResizer } from "../openResizer.ts";
import { pngRowBytes } from "./pngKernel.ts";
import { pngPasses, type PngPass } from "./pngPasses.ts";
import { pngRowCollector } from "./pngRowCollector.ts";

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
  /** Shows a damaged file as far as it goes; otherwise it throws. */
  isTolerant: boolean;
  memory: DecoderMemory;
}

const PNG_TRUNCATED = "the PNG is truncated";
/** Rows of a tolerated file that never came. */
const GREY = 128;

/** Fills the rows that are missing with grey, and describes them. Throws if there is nothing to show. */
function fillMissingRows(resizer: RowResizer, { width, height }: PngHeader, rows: number): string | null {
  const missing = (height - rows) / height;
  const damage = acceptDamage({ missing, isCorrupt: false, lacksDetail: false }, PNG_TRUNCATED);
  const grey = new Uint8Array(width * 4).fill(GREY);
  for (let at = 3; at < grey.length; at += 4) grey[at] = 255;
  for (let row = rows; row < height; row++) resizer.addRow(grey);
  return damage;
}

/** Decodes the pixels; false if the file ends before. Throws `TruncatedFileError` for other damage. */
async function decodePixels(
  reader: ForwardReader,
  { header, pixelBytes }: { header: PngHeader; pixelBytes: number },
  collect: (piece: Uint8Array) => boolean,
): Promise<boolean> {
  const bytes = pngPasses(header).reduce((sum, pass) => sum + pngRowBytes(header, pass.width) * pass.height, 0);
  const pieces = inflateStream(compressedPixels(reader, pixelBytes), bytes, "the PNG's pixel data is damaged");
  for await (const piece of pieces) {
    await yieldToRequests(piece.length);
    if (collect(piece)) return true;
  }
  return false;
}

/** Ends early at damage that is tolerated. */
async function decodeTolerantly(decoding: () => Promise<boolean>, isTolerant: boolean): Promise<boolean> {
  try {
    return await decoding();
  } catch (error) {
    if (!isTolerant || !(error instanceof TruncatedFileError)) throw error;
    return false;
  }
}

/**
 * Decodes PNGs of all colour types and depths to an image whose longest edge is at most `edgePx`, as stored: orientation
 * and colour profile are left to the caller. Throws for oversized and damaged files, and for interlaced ones whose
 * pixels exceed the memory.
 */
export async function decodeScaledPng(
  source: ByteSource,
  { edgePx, area, orientation, isTolerant, memory }: ScaledPngOptions,
): Promise<RgbaImage & { damage: string | null }> {
  const reader = forwardReader(source, memory);
  const start = await readPngHeader(reader);
  const { header } = start;
  const { width, height, isInterlaced } = header;
  memory.hold("inflate", INFLATE_MEMORY_BYTES);
  const resizer = openAreaResizer({ from: header, area, edgePx, orientation }, memory);
  if (isInterlaced) memory.hold("interlaced", width * height * 4);
  const whole = new Uint32Array(isInterlaced ? width * height : 0);
  let rows = 0;
  const collect = pngRowCollector(header, memory, (pixels, pass, row) => {
    if (isInterlaced) scatter(whole, width, pixels, pass, row);
    else resizer.addRow(pixels);
    rows++;
  });
  if (await decodeTolerantly(() => decodePixels(reader, start, collect), isTolerant)) {
    const rgba = new Uint8Array(whole.buffer);
    for (let at = 0; at < rgba.length; at += width * 4) resizer.addRow(rgba.subarray(at, at + width * 4));
    return { ...resizer.finish(), damage: null };
  }
  if (!isTolerant || isInterlaced) throw new TruncatedFileError(PNG_TRUNCATED);
  const damage = fillMissingRows(resizer, header, rows);
  return { ...resizer.finish(), damage };
}
