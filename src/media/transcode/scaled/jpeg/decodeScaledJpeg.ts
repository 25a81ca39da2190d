/**
 * Decodes a JPEG to a smaller image: each block becomes 1, 2, 4 or 8 pixels a side, and the rest of the reduction is
 * filtered. A single scan is decoded row by row; several scans (progressive) keep the coefficients that the size needs.
 */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { requireConvertibleSize, TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { scaledSize } from "../../resize/scaledSize.ts";
import { areaResizer, pixelsOf, wholeEdgePx, type AreaResizer, type ImageArea } from "../imageArea.ts";
import { acceptDamage } from "../imageDamage.ts";
import { openAreaResizer, openResizer, resizerBytes } from "../openResizer.ts";
import { decodeJpegRows, JPEG_DAMAGED, scaledFrame } from "./jpegDecoding.ts";
import { layOutFrame, type FrameLayout } from "./jpegLayout.ts";
import { emptySegments, readToScan, type Frame, type JpegSegments, type Scan } from "./jpegSegments.ts";

/** The last row and column of a whole image may be only partly in it, which an area neglects. */
function jpegResizer(
  layout: FrameLayout,
  { edgePx, area, orientation }: Pick<ScaledJpegOptions, "edgePx" | "area" | "orientation">,
  memory: DecoderMemory,
): AreaResizer {
  const { frame, pixels } = layout;
  const from = scaledFrame(layout);
  if (area !== null) return openAreaResizer({ from, area, edgePx, orientation }, memory);
  const extent = { width: (frame.width * pixels) / 8, height: (frame.height * pixels) / 8 };
  const resizer = openResizer({ from, to: scaledSize(frame, edgePx), extent, orientation }, memory);
  return areaResizer(resizer, pixelsOf(null, from));
}

/** Reads a JPEG up to its first scan. `rawHeight` is the height of a frame that states none. */
export async function openJpeg(
  source: ByteSource,
  rawHeight: number,
): Promise<{ segments: JpegSegments; frame: Frame; scan: Scan }> {
  const segments = emptySegments();
  const scan = await readToScan(source, 2, segments);
  if (scan === null || segments.frame === null) throw new TruncatedFileError("the JPEG has no image data");
  const height = segments.frame.height === 0 ? rawHeight : segments.frame.height;
  requireConvertibleSize(segments.frame.width, height, "JPEG");
  return { segments, frame: { ...segments.frame, height }, scan };
}

export interface ScaledJpegOptions {
  edgePx: number;
  /** The part of the stored image that is decoded; null for the whole. */
  area: ImageArea | null;
  /** Height of a frame that states none. */
  rawHeight: number;
  /** EXIF, 1 to 8: others than 1 need memory for a copy. */
  orientation: number;
  /** Shows a damaged file as far as it goes; otherwise it throws. */
  isTolerant: boolean;
  memory: DecoderMemory;
}

/**
 * Decodes baseline, extended sequential and progressive JPEGs of one or three components with 8 bits to an image whose
 * longest edge is at most `edgePx`, as stored: orientation and colour profile are left to the caller. `damage` describes
 * what a damaged file lacks. Throws `UnsupportedImageError`, `DecoderMemoryError`, `TruncatedFileError`.
 */
export async function decodeScaledJpeg(
  source: ByteSource,
  { edgePx, area, rawHeight, orientation, isTolerant, memory }: ScaledJpegOptions,
): Promise<RgbaImage & { damage: string | null }> {
  const { segments, frame, scan } = await openJpeg(source, rawHeight);
  const to = scaledSize(pixelsOf(area, frame), edgePx);
  const wholeEdge = wholeEdgePx(area, frame, edgePx);
  const layout = layOutFrame(frame, scan, wholeEdge, memory.roomFor("kernel") - resizerBytes(to, orientation));
  const resizer = jpegResizer(layout, { edgePx, area, orientation }, memory);
  const damage = await decodeJpegRows({ source, segments, layout, scan, isTolerant }, memory, resizer);
  return { ...resizer.finish(), damage: acceptDamage(damage, JPEG_DAMAGED) };
}
