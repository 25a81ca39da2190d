/**
 * Converts HEIC to JPEG tile by tile: an iPhone's image is a grid, so neither its planes nor its pixels are in memory
 * as a whole.
 */
import { readHeif } from "../../inspect/containers/heif/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import { requireConvertibleSize, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readHeifTransform, type CropRect } from "./heifTransform.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { encodedJpeg, type JpegEncoder } from "../jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { openHeif, type HeifImage, type Tiling } from "./libheif.ts";
import { rowConverter } from "./planes.ts";

export interface DecodedHeic extends EncodedJpeg {
  orientation: number;
  /** Peak WebAssembly memory. */
  heapBytes: number;
}

/**
 * A tile is decoded at once and takes about 4 bytes a pixel: two copies of its planes and HEVC's block data. Grids have
 * tiles of 0.3 megapixels; larger single tiles than this would exceed `MAX_DECODER_BYTES`.
 */
export const MAX_HEIC_TILE_PIXELS = 8 * 1000 * 1000;

function requireDecodable({ tiling }: HeifImage): void {
  const { width, height, tileWidth, tileHeight } = tiling;
  requireConvertibleSize(width, height, "HEIC");
  if (tileWidth < 1 || tileHeight < 1) throw new Error("the HEIC's tiles have no size");
  if (tileWidth * tileHeight > MAX_HEIC_TILE_PIXELS)
    throw new Error(`the HEIC is too large to decode: tiles of ${tileWidth} × ${tileHeight} pixels`);
}

/** Rows converted at once if the whole image is one tile. */
const BAND_ROWS = 64;

/** RGB rows of one row of tiles. */
function bandBytes({ columns, width, height, tileHeight }: Tiling): number {
  return width * 3 * (columns === 1 ? BAND_ROWS : Math.min(tileHeight, height));
}

/** Each tile writes its part of every row; then the rows are complete. */
function encodeTileRow(image: HeifImage, row: number, crop: CropRect, encoder: JpegEncoder): void {
  const { columns, tileWidth, tileHeight, width, height } = image.tiling;
  const top = row * tileHeight;
  const rows = Math.min(tileHeight, height - top);
  const stride = width * 3;
  const addRows = (band: Uint8ClampedArray, first: number, count: number) => {
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
 * Decodes and encodes without awaiting, so that an isolate holds one image at a time. `openSink` gets the same rows.
 * Throws libheif's message for damaged files.
 */
export async function heicToJpeg(file: Uint8Array, limits: JpegLimits, openSink?: OpenRowSink): Promise<DecodedHeic> {
  const source = memorySource(file);
  const transform = await readHeifTransform(source);
  const content = emptyContent();
  await readHeif(source, content);
  const memory = decoderMemory();
  const image = openHeif(file, memory);
  requireDecodable(image);
  const { tiling } = image;
  memory.hold("band", bandBytes(tiling));
  const crop = transform.cropOf(tiling.width, tiling.height);
  const { width, height } = crop;
  const encoder = encoderWithSink(
    { width, height, ...limits, orientation: transform.orientation, icc: content.icc, memory },
    openSink,
  );
  for (let row = 0; row < tiling.rows; row++) encodeTileRow(image, row, crop, encoder);
  return {
    ...encodedJpeg(encoder, { width, height, memory }),
    orientation: transform.orientation,
    heapBytes: image.heapBytes(),
  };
}
