/**
 * Converts HEIC to JPEG tile by tile: an iPhone's image is a grid, so neither its planes nor its pixels are in memory
 * as a whole.
 */
import { readHeif } from "../../inspect/containers/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import { requireConvertibleSize, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readHeifTransform, type CropRect } from "./heifTransform.ts";
import { jpegEncoder, type JpegEncoder } from "../jpeg/jpegEncoder.ts";
import { openHeif, type HeifImage } from "./libheif.ts";
import { rowConverter } from "./planes.ts";

export interface DecodedHeic extends EncodedJpeg {
  orientation: number;
  /** Peak WebAssembly memory. */
  heapBytes: number;
}

/**
 * A tile is decoded at once and takes about 4 bytes a pixel: two copies of its planes and HEVC's block data. 16 MP took
 * 69 MB of WebAssembly memory, 24 MP would take over 100.
 */
const MAX_TILE_PIXELS = 16 * 1000 * 1000;

function requireDecodable({ tiling }: HeifImage): void {
  const { width, height, tileWidth, tileHeight } = tiling;
  requireConvertibleSize(width, height, "HEIC");
  if (tileWidth < 1 || tileHeight < 1) throw new Error("the HEIC's tiles have no size");
  if (tileWidth * tileHeight > MAX_TILE_PIXELS)
    throw new Error(`the HEIC is too large to decode: tiles of ${tileWidth} × ${tileHeight} pixels`);
}

/** Rows converted at once if the whole image is one tile. */
const BAND_ROWS = 64;

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
 * Decodes and encodes without awaiting, so that two images never share an isolate's memory. Throws libheif's message
 * for damaged files.
 */
export async function heicToJpeg(file: Uint8Array, limits: JpegLimits): Promise<DecodedHeic> {
  const source = memorySource(file);
  const transform = await readHeifTransform(source);
  const content = emptyContent();
  await readHeif(source, content);
  const image = openHeif(file);
  requireDecodable(image);
  const { tiling } = image;
  const crop = transform.cropOf(tiling.width, tiling.height);
  const { width, height } = crop;
  const encoder = jpegEncoder({ width, height, ...limits, orientation: transform.orientation, icc: content.icc });
  for (let row = 0; row < tiling.rows; row++) encodeTileRow(image, row, crop, encoder);
  const pieces = encoder.finish();
  return {
    pieces,
    sizeBytes: encoder.sizeBytes(),
    width,
    height,
    orientation: transform.orientation,
    heapBytes: image.heapBytes(),
  };
}
