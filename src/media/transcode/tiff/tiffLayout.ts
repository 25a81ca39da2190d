/** Reads the pixel layout of a TIFF's first image. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import {
  readDirectory,
  readIntegers,
  readTiffHeader,
  readValue,
  type TiffDirectory,
} from "../../inspect/tiff/tiffDirectory.ts";
import { requireConvertibleSize, TruncatedFileError } from "../jpeg/encodedJpeg.ts";
import { type TiffCompression, tiffCompressions } from "./segmentReader.ts";

export interface TiffLayout {
  littleEndian: boolean;
  width: number;
  height: number;
  bits: number;
  samples: number;
  photometric: number;
  compression: TiffCompression;
  /** Group 3: rows of two dimensions may follow those of one. */
  isTwoDimensional: boolean;
  /** Fax codings: the lowest bit of a byte comes first. */
  isReversed: boolean;
  /** Horizontal differencing (predictor 2). */
  hasPredictor: boolean;
  /** The last sample is alpha. */
  hasAlpha: boolean;
  /** Strips, or tiles row by row. A strip is treated as a tile as wide as the image. */
  tileWidth: number;
  tileHeight: number;
  offsets: number[];
  sizes: number[];
  /** All reds, then greens, then blues, 16 bits each. */
  palette: number[];
  icc: Uint8Array | null;
}

const tags = {
  width: 0x100, height: 0x101, bits: 0x102, compression: 0x103, photometric: 0x106,
  stripOffsets: 0x111, samples: 0x115, rowsPerStrip: 0x116, stripSizes: 0x117, planar: 0x11c, predictor: 0x13d,
  fillOrder: 0x10a, t4Options: 0x124, palette: 0x140, tileWidth: 0x142, tileHeight: 0x143, tileOffsets: 0x144, tileSizes: 0x145, extra: 0x152,
  sampleFormat: 0x153, icc: 0x8773,
} as const; // prettier-ignore

const DIRECTORY_BUDGET_BYTES = 4 * 1024 * 1024;
const MAX_SEGMENTS = 100_000;
const MAX_PROFILE_BYTES = 1024 * 1024;
/**
 * Decompressed bytes that a layout may cost: this many times the image's own pixels, and a constant for small images in
 * large tiles. Tiles may be larger than the image, and tall ones are decompressed once per band.
 */
export const MAX_TIFF_WORK_RATIO = 4;
export const MIN_TIFF_WORK_BYTES = 16 * 1024 * 1024;
/** RGB rows of one row of tiles that are in memory at once. */
export const MAX_TILE_BAND_BYTES = 12 * 1024 * 1024;
const photometrics = [0, 1, 2, 3, 5];

type Numbers = (tag: number, most?: number) => Promise<number[]>;

async function openFirstDirectory(source: ByteSource): Promise<{ directory: TiffDirectory; littleEndian: boolean }> {
  const header = await readTiffHeader(source);
  const directory = header && (await readDirectory(source, header.firstDirectory, header));
  if (header === null || directory === null) throw new TruncatedFileError("the TIFF has no directory or is truncated");
  return { directory, littleEndian: header.littleEndian };
}

/** Throws for unsupported forms and for truncated files. */
export async function readTiffLayout(file: ByteSource): Promise<TiffLayout> {
  const source = boundedSource(file, DIRECTORY_BUDGET_BYTES);
  const { directory, littleEndian } = await openFirstDirectory(source);
  const { entries } = directory;
  const numbers: Numbers = (tag, most = 1) => readIntegers(source, entries.get(tag), littleEndian, most);
  const number = async (tag: number, missing: number) => (await numbers(tag))[0] ?? missing;
  const code = await number(tags.compression, 1);
  const compression = [...tiffCompressions].find(([known]) => known === code)?.[1];
  if (compression === undefined) throw new Error(`unsupported TIFF compression ${code}`);
  const samples = await number(tags.samples, 1);
  const layout: TiffLayout = {
    littleEndian,
    compression,
    samples,
    width: await number(tags.width, 0),
    height: await number(tags.height, 0),
    bits: await number(tags.bits, 1),
    photometric: await number(tags.photometric, 1),
    isTwoDimensional: ((await number(tags.t4Options, 0)) & 1) === 1,
    isReversed: (await number(tags.fillOrder, 1)) === 2,
    hasPredictor: (await number(tags.predictor, 1)) === 2,
    hasAlpha: [1, 2].includes(await number(tags.extra, 0)),
    palette: await numbers(tags.palette, 3 * 256),
    icc: await readValue(source, entries.get(tags.icc), MAX_PROFILE_BYTES),
    ...(await readSegments(numbers, number)),
  };
  const isPlanar = samples > 1 && (await number(tags.planar, 1)) !== 1;
  requireReadable(layout, isPlanar, await number(tags.sampleFormat, 1), await number(tags.predictor, 1));
  return layout;
}

async function readSegments(numbers: Numbers, number: (tag: number, missing: number) => Promise<number>) {
  const tileOffsets = await numbers(tags.tileOffsets, MAX_SEGMENTS);
  if (tileOffsets.length > 0) {
    return {
      tileWidth: await number(tags.tileWidth, 0),
      tileHeight: await number(tags.tileHeight, 0),
      offsets: tileOffsets,
      sizes: await numbers(tags.tileSizes, MAX_SEGMENTS),
    };
  }
  const height = await number(tags.height, 0);
  return {
    tileWidth: await number(tags.width, 0),
    tileHeight: Math.min(await number(tags.rowsPerStrip, height), height),
    offsets: await numbers(tags.stripOffsets, MAX_SEGMENTS),
    sizes: await numbers(tags.stripSizes, MAX_SEGMENTS),
  };
}

function requireReadable(layout: TiffLayout, isPlanar: boolean, sampleFormat: number, predictor: number): void {
  const { width, height, bits, samples, photometric, tileWidth, tileHeight, offsets } = layout;
  requireConvertibleSize(width, height, "TIFF");
  if (tileWidth < 1 || tileHeight < 1) throw new Error("the TIFF's strips or tiles have no size");
  if (![1, 4, 8, 16].includes(bits) || (bits < 8 && samples > 1))
    throw new Error(`unsupported TIFF with ${bits} bits a sample`);
  if (["mh", "g3", "g4"].includes(layout.compression) && (bits !== 1 || samples !== 1))
    throw new Error("unsupported TIFF: fax compression of more than one bit a pixel");
  if (sampleFormat !== 1) throw new Error("unsupported TIFF sample format: unsigned integers are needed");
  if (!photometrics.includes(photometric))
    throw new Error(`unsupported TIFF photometric interpretation ${photometric}`);
  const needed = photometric === 5 ? 4 : photometric === 2 ? 3 : 1;
  if (samples < needed || samples > 8) throw new Error(`unsupported TIFF with ${samples} samples a pixel`);
  if (isPlanar) throw new Error("unsupported TIFF with planar configuration");
  if (predictor > 2 || (predictor === 2 && bits < 8)) throw new Error("unsupported TIFF predictor");
  const count = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  if (offsets.length < count) throw new Error("the TIFF has fewer strip or tile offsets than its size needs");
  const allowedBytes = MAX_TIFF_WORK_RATIO * Math.ceil((width * bits * samples) / 8) * height + MIN_TIFF_WORK_BYTES;
  if (workBytes(layout) > allowedBytes) throw new Error("the TIFF's tiles are too large for its size");
}

/** Bytes of one row of a strip or tile. */
export function rowBytes({ tileWidth, bits, samples }: TiffLayout): number {
  return Math.ceil((tileWidth * bits * samples) / 8);
}

/** Columns of tiles; 1 for strips. */
export function columnsOf({ width, tileWidth }: TiffLayout): number {
  return Math.ceil(width / tileWidth);
}

/** Rows that are converted at once: all of a strip, whose rows are complete, or a band of a row of tiles. */
export function bandRowsOf(layout: TiffLayout): number {
  const rows = Math.min(layout.tileHeight, layout.height);
  return columnsOf(layout) === 1
    ? rows
    : Math.min(rows, Math.max(1, Math.floor(MAX_TILE_BAND_BYTES / (layout.width * 3))));
}

/** Bytes to decompress for the whole image. A band of a tile is reached by decompressing the rows above it. */
function workBytes(layout: TiffLayout): number {
  const bandRows = bandRowsOf(layout);
  const rows = Math.min(layout.tileHeight, layout.height);
  const bands = Math.ceil(rows / bandRows);
  const rowsPerTile = layout.compression === "none" ? rows : (bands * (bands + 1) * bandRows) / 2;
  return Math.ceil(layout.height / layout.tileHeight) * columnsOf(layout) * rowsPerTile * rowBytes(layout);
}
