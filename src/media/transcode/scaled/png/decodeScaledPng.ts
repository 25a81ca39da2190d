/** Decodes a PNG to a smaller image, row by row. */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { forwardReader } from "../../forwardReader.ts";
import { INFLATE_MEMORY_BYTES, inflateStream } from "../../inflateStream.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../png/decodePng.ts";
import { compressedPixels, readPngHeader } from "../../png/pngChunks.ts";
import { scaledSize } from "../../resize/scaledSize.ts";
import { yieldToRequests } from "../../yieldToRequests.ts";
import { openResizer } from "../openResizer.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";
import { startPngRows } from "./pngKernel.ts";

/**
 * Decodes PNGs of all colour types and depths to an image whose longest edge is at most `edgePx`, as stored: orientation
 * and colour profile are left to the caller. Throws for interlaced, oversized and damaged files.
 */
export async function decodeScaledPng(
  source: ByteSource,
  { edgePx, memory }: { edgePx: number; memory: DecoderMemory },
): Promise<RgbaImage> {
  const reader = forwardReader(source, memory);
  const { header, pixelBytes } = await readPngHeader(reader);
  if (header.isInterlaced) throw new UnsupportedImageError("interlaced PNG");
  const { width, height } = header;
  memory.hold("inflate", INFLATE_MEMORY_BYTES);
  const rows = startPngRows(header, width, memory);
  const resizer = openResizer(header, scaledSize(header, edgePx), memory);
  const rowBytes = rows.row.length;
  const damage = "the PNG's pixel data is damaged";
  let filled = 0;
  let row = 0;
  for await (const piece of inflateStream(compressedPixels(reader, pixelBytes), rowBytes * height, damage)) {
    await yieldToRequests(piece.length);
    for (let at = 0; at < piece.length && row < height;) {
      const part = piece.subarray(at, at + rowBytes - filled);
      rows.row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < rowBytes) continue;
      resizer.addRow(rows.nextPixels());
      filled = 0;
      row++;
    }
    if (row === height) return resizer.finish();
  }
  throw new TruncatedFileError("the PNG is truncated");
}
