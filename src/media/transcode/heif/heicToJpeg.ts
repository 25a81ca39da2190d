/**
 * A HEIC file to a JPEG of the same size. An iPhone's picture is a grid of tiles: they are decoded one at a time and
 * encoded one row of tiles at a time, so that neither its planes nor its pixels are ever in memory as a whole.
 */
import { readHeif } from "../../inspect/containers/heif.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import type { EncodedJpeg, JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readHeifTurn, type Window } from "./heifTransform.ts";
import { jpegEncoder, LONGEST_JPEG_SIDE, type JpegEncoder } from "../jpeg/jpegEncoder.ts";
import { openHeif, type HeifPicture } from "./libheif.ts";
import { rowWriter } from "./planes.ts";

export interface DecodedHeic extends EncodedJpeg {
  orientation: number;
  /** What WebAssembly took of the memory. */
  heapBytes: number;
}

/**
 * A picture of one tile is decoded in one piece: two copies of its planes and what HEVC keeps of its blocks, some 4
 * bytes a pixel. 16 MP took 69 MB of WebAssembly memory, 24 MP would take over 100.
 */
const MOST_PIXELS_IN_ONE_TILE = 16 * 1000 * 1000;
/** What a consumer's 30 s of CPU are enough for: some 0.2 s a megapixel. */
const MOST_PIXELS = 104 * 1000 * 1000;

function requireDecodable({ tiling }: HeifPicture): void {
  const { width, height, tileWidth, tileHeight } = tiling;
  if (width < 1 || height < 1 || tileWidth < 1 || tileHeight < 1) throw new Error("the picture has no size");
  if (Math.max(width, height) > LONGEST_JPEG_SIDE) throw new Error(`${width} × ${height} is more than a JPEG can be`);
  const isTooLarge = width * height > MOST_PIXELS || tileWidth * tileHeight > MOST_PIXELS_IN_ONE_TILE;
  if (isTooLarge)
    throw new Error(`${width} × ${height} in tiles of ${tileWidth} × ${tileHeight} is more than can be decoded here`);
}

/** Rows at a time out of a tile that is the whole picture. */
const BAND_ROWS = 64;

/** Each tile of the row puts its part of each line, then the lines are complete. */
function encodeTileRow(picture: HeifPicture, row: number, window: Window, encoder: JpegEncoder): void {
  const { columns, tileWidth, tileHeight, width, height } = picture.tiling;
  const top = row * tileHeight;
  const rows = Math.min(tileHeight, height - top);
  const stride = width * 3;
  const emit = (band: Uint8ClampedArray, first: number, count: number) => {
    for (let y = 0; y < count; y++) {
      const isInside = first + y >= window.top && first + y < window.top + window.height;
      if (isInside) encoder.addRow(band, y * stride + window.left * 3);
    }
  };
  if (columns === 1) {
    const band = new Uint8ClampedArray(stride * BAND_ROWS);
    picture.withTile(0, row, (planes) => {
      const write = rowWriter(planes);
      for (let y = 0; y < Math.min(rows, planes.height); y += BAND_ROWS) {
        const count = Math.min(BAND_ROWS, rows - y);
        for (let line = 0; line < count; line++) write(y + line, Math.min(width, planes.width), band, line * stride);
        emit(band, top + y, count);
      }
    });
    return;
  }
  const band = new Uint8ClampedArray(stride * rows);
  for (let column = 0; column < columns; column++) {
    const left = column * tileWidth;
    picture.withTile(column, row, (planes) => {
      const write = rowWriter(planes);
      const count = Math.min(rows, planes.height);
      for (let y = 0; y < count; y++) write(y, Math.min(planes.width, width - left), band, y * stride + left * 3);
    });
  }
  emit(band, top, rows);
}

/** Between its first and its last tile nothing is awaited: two pictures never fill one isolate's memory together. */
export async function heicToJpeg(file: Uint8Array, limits: JpegLimits): Promise<DecodedHeic> {
  const source = memorySource(file);
  const turn = await readHeifTurn(source);
  const content = emptyContent();
  await readHeif(source, content);
  const picture = openHeif(file);
  requireDecodable(picture);
  const { tiling } = picture;
  const window = turn.windowOf(tiling.width, tiling.height);
  const { width, height } = window;
  const encoder = jpegEncoder({ width, height, ...limits, orientation: turn.orientation, icc: content.icc });
  for (let row = 0; row < tiling.rows; row++) encodeTileRow(picture, row, window, encoder);
  const pieces = encoder.finish();
  return {
    pieces,
    sizeBytes: encoder.sizeBytes(),
    width,
    height,
    orientation: turn.orientation,
    heapBytes: picture.heapBytes(),
  };
}
