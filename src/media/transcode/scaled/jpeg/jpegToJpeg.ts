/**
 * Decodes a JPEG that the renderer rejects to a new one: a progressive file over 20 MB, or a damaged one. Coefficients of
 * several scans are stored for a band of the image at a time, so that the file is read once for each band.
 */
import { boundedSource } from "../../../inspect/bytes/boundedSource.ts";
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import { inspectionBudget } from "../../../inspect/bytes/inspectionBudget.ts";
import { readImageContent, readOrientation } from "../../../inspect/imageInfo.ts";
import { decoderMemory, type DecoderMemory } from "../../decoderMemory.ts";
import { MAX_DISPLAY_READ_BYTES } from "../../display/displayImage.ts";
import type { EncodedJpeg, JpegLimits } from "../../jpeg/encodedJpeg.ts";
import { encodedJpeg } from "../../jpeg/jpegEncoder.ts";
import type { Size } from "../../resize/scaledSize.ts";
import { readAhead } from "../../readAhead.ts";
import { acceptDamage } from "../imageDamage.ts";
import { encoderWithSink, type OpenRowSink } from "../rowSink.ts";
import { openJpeg } from "./decodeScaledJpeg.ts";
import { decodeJpegRows, JPEG_DAMAGED, scaledFrame, type JpegRows } from "./jpegDecoding.ts";
import { layOutBands } from "./jpegLayout.ts";

/** Bytes to read at once from R2. */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** Memory that is kept for the new JPEG: a photo of quality 90 takes 0.1 to 0.2 bytes a pixel. */
const RESERVED_BYTES_PER_PIXEL = 0.25;

export interface DecodedJpeg extends EncodedJpeg {
  /** What a damaged file lacks; null for a whole image. */
  damage: string | null;
  /** Whether it has fewer pixels than the file. */
  isReduced: boolean;
}

interface Encoder {
  addRow(rgb: Uint8Array, at: number): void;
}

/** Passes rows of opaque RGBA to an encoder. */
function encoderRows(encoder: Encoder, width: number): JpegRows {
  const rgb = new Uint8Array(width * 3);
  return {
    needsRow: () => true,
    skipRow: () => undefined,
    isComplete: () => false,
    addRow: (rgba) => {
      for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
        rgb[to] = rgba[from] ?? 0;
        rgb[to + 1] = rgba[from + 1] ?? 0;
        rgb[to + 2] = rgba[from + 2] ?? 0;
      }
      encoder.addRow(rgb, 0);
    },
  };
}

/** What is left for the decoder beside the new JPEG. */
function kernelRoom(memory: DecoderMemory, { width, height }: Size, maxBytes: number): number {
  return memory.roomFor("kernel") - Math.min(maxBytes, width * height * RESERVED_BYTES_PER_PIXEL);
}

/**
 * Decodes a JPEG of any coding that `decodeScaled` reads, and encodes it again with the same pixels, orientation and
 * profile; those of more than `MAX_JPEG_BANDS` bands become smaller. A damaged file is shown as far as it goes. Throws
 * `JpegTooLargeError`, and like `decodeScaledJpeg`. `openSink` gets the same rows.
 */
export async function jpegToJpeg(
  file: ByteSource,
  { quality, maxBytes }: JpegLimits,
  openSink?: OpenRowSink,
): Promise<DecodedJpeg> {
  const memory = decoderMemory();
  const source = readAhead(file, WINDOW_BYTES);
  memory.hold("window", WINDOW_BYTES);
  const budget = inspectionBudget();
  const content = await readImageContent(boundedSource(source, MAX_DISPLAY_READ_BYTES, budget), "jpeg", budget);
  const orientation = content === null ? 1 : ((await readOrientation(content)) ?? 1);
  const { segments, frame, scan } = await openJpeg(source, content?.rawHeight ?? 0);
  memory.hold("row", frame.width * 3);
  const layout = layOutBands(frame, scan, (size) => kernelRoom(memory, size, maxBytes));
  const { width, height } = scaledFrame(layout);
  const icc = content?.icc ?? null;
  const encoder = encoderWithSink({ width, height, quality, maxBytes, orientation, icc, memory }, openSink);
  const rows = encoderRows(encoder, width);
  const damage = await decodeJpegRows({ source, segments, layout, scan, isTolerant: true }, memory, rows);
  const described = acceptDamage(damage, JPEG_DAMAGED);
  return { ...encodedJpeg(encoder, { width, height, memory }), damage: described, isReduced: layout.pixels < 8 };
}
