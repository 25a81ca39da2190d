/** Encodes decoded HEIF images tile by tile, so that neither planes nor pixels are in memory as a whole. */
import { readHeif } from "../../inspect/containers/heif/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import { isHdr, srgbConverter, type Colour, type SrgbConverter } from "../colour/toneMap.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { requireConvertibleSize, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { encodedJpeg, type JpegEncoder } from "../jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { readHeifTransform, type CropRect } from "./heifTransform.ts";
import { rowConverter, type Planes } from "./planes.ts";

export interface Tiling {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** Size of the whole image before rotation. */
  width: number;
  height: number;
}

export interface HeifImage {
  tiling: Tiling;
  /** Of the container, else of the stream. */
  colour: Colour;
  /** Decodes a tile and passes its planes to `use`; they are released when it returns. */
  withTile(column: number, row: number, use: (planes: Planes) => void): void;
  heapBytes(): number;
}

export interface DecodedHeif extends EncodedJpeg {
  orientation: number;
  /** Peak WebAssembly memory. */
  heapBytes: number;
}

/** Rows converted at once if the whole image is one tile. */
const BAND_ROWS = 64;

/** RGB rows of one row of tiles. */
function bandBytes({ columns, width, height, tileHeight }: Tiling): number {
  return width * 3 * (columns === 1 ? BAND_ROWS : Math.min(tileHeight, height));
}

interface TileRow {
  image: HeifImage;
  row: number;
  crop: CropRect;
  encoder: JpegEncoder;
  toSrgb: SrgbConverter | null;
}

/** Each tile writes its part of every row; then the rows are complete. */
function encodeTileRow({ image, row, crop, encoder, toSrgb }: TileRow): void {
  const { columns, tileWidth, tileHeight, width, height } = image.tiling;
  const top = row * tileHeight;
  const rows = Math.min(tileHeight, height - top);
  const stride = width * 3;
  const addRows = (band: Uint8ClampedArray, first: number, count: number) => {
    toSrgb?.(band, 0, count * width);
    for (let y = 0; y < count; y++) {
      const isInside = first + y >= crop.top && first + y < crop.top + crop.height;
      if (isInside) encoder.addRow(band, y * stride + crop.left * 3);
    }
  };
  if (columns === 1) {
    const band = new Uint8ClampedArray(stride * BAND_ROWS);
    image.withTile(0, row, (planes) => {
      const write = rowConverter(planes);
      for (let y = 0; y < Math.min(rows, planes.height); y += BAND_ROWS) {
        const count = Math.min(BAND_ROWS, rows - y);
        for (let line = 0; line < count; line++) write(y + line, Math.min(width, planes.width), band, line * stride);
        addRows(band, top + y, count);
      }
    });
    return;
  }
  const band = new Uint8ClampedArray(stride * rows);
  for (let column = 0; column < columns; column++) {
    const left = column * tileWidth;
    image.withTile(column, row, (planes) => {
      const write = rowConverter(planes);
      const count = Math.min(rows, planes.height);
      for (let y = 0; y < count; y++) write(y, Math.min(planes.width, width - left), band, y * stride + left * 3);
    });
  }
  addRows(band, top, rows);
}

/**
 * Encodes an image of a file as JPEG, without awaiting once it began, so that an isolate holds one image at a time.
 * `openSink` gets the same rows. HDR becomes SDR, and wide colours without a profile become sRGB.
 */
export async function heifToJpeg(
  file: Uint8Array,
  image: HeifImage,
  limits: JpegLimits,
  memory: DecoderMemory,
  openSink?: OpenRowSink,
): Promise<DecodedHeif> {
  const { tiling, colour } = image;
  requireConvertibleSize(tiling.width, tiling.height, "HEIF");
  const source = memorySource(file);
  const transform = await readHeifTransform(source);
  const content = emptyContent();
  await readHeif(source, content);
  const icc = isHdr(colour) ? null : content.icc;
  const toSrgb = icc === null ? srgbConverter(colour, 3) : null;
  memory.hold("band", bandBytes(tiling));
  const { orientation } = transform;
  const crop = transform.cropOf(tiling.width, tiling.height);
  const { width, height } = crop;
  const encoder = encoderWithSink({ width, height, ...limits, orientation, icc, memory }, openSink);
  for (let row = 0; row < tiling.rows; row++) encodeTileRow({ image, row, crop, encoder, toSrgb });
  return { ...encodedJpeg(encoder, { width, height, memory }), orientation, heapBytes: image.heapBytes() };
}
