/** Passes the rows of a decoded image to a second consumer while a JPEG is encoded from them. */
import { jpegEncoder, type JpegEncoder, type JpegOptions } from "../jpeg/jpegEncoder.ts";

/** The image whose rows follow, as stored. */
export interface DecodedRows {
  width: number;
  height: number;
  /** EXIF orientation of the stored rows, 1 to 8. */
  orientation: number;
  /** ICC profile of the rows; null means sRGB. */
  icc: Uint8Array | null;
}

export interface RowSink {
  /** Adds the next row from the top, 3 bytes a pixel from `at`: RGB, transparency composited on white. */
  addRow(rgb: Uint8Array | Uint8ClampedArray, at: number): void;
}

/** Starts a pass. A decoder that encodes again at a lower quality starts another one. */
export type OpenRowSink = (rows: DecodedRows) => RowSink;

/** Creates an encoder that also passes its rows to the sink of `openSink`. */
export function encoderWithSink(options: JpegOptions, openSink: OpenRowSink | undefined): JpegEncoder {
  const encoder = jpegEncoder(options);
  if (openSink === undefined) return encoder;
  const { width, height, orientation, icc } = options;
  const sink = openSink({ width, height, orientation, icc });
  return {
    ...encoder,
    addRow: (rgb, at) => {
      encoder.addRow(rgb, at);
      sink.addRow(rgb, at);
    },
  };
}
