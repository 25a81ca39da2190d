/** How the pixels of a TIFF's first picture are laid out, or why they can't be read here. Reads directories, no pixels. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import {
  readDirectory,
  readIntegers,
  readTiffHeader,
  readValue,
  type TiffDirectory,
} from "../../inspect/tiff/tiffDirectory.ts";
import { CutShort } from "../jpeg/encodedJpeg.ts";
import { LONGEST_JPEG_SIDE } from "../jpeg/jpegEncoder.ts";
import { type TiffCompression, tiffCompressions } from "./tiffCompression.ts";

export interface TiffLayout {
  littleEndian: boolean;
  width: number;
  height: number;
  bits: number;
  samples: number;
  photometric: number;
  compression: TiffCompression;
  /** Samples are differences to the pixel on their left. */
  isDifferenced: boolean;
  /** The last sample is opacity. */
  hasAlpha: boolean;
  /** Strips, or tiles row by row: a strip is a tile as wide as the picture. */
  tileWidth: number;
  tileHeight: number;
  offsets: number[];
  sizes: number[];
  /** All reds, then all greens, then all blues, 16 bits each. */
  palette: number[];
  icc: Uint8Array | null;
}

const tags = {
  width: 0x100, height: 0x101, bits: 0x102, compression: 0x103, photometric: 0x106,
  stripOffsets: 0x111, samples: 0x115, rowsPerStrip: 0x116, stripSizes: 0x117, planar: 0x11c, predictor: 0x13d,
  palette: 0x140, tileWidth: 0x142, tileHeight: 0x143, tileOffsets: 0x144, tileSizes: 0x145, extra: 0x152,
  sampleFormat: 0x153, icc: 0x8773,
} as const; // prettier-ignore

const directoryBudgetBytes = 4 * 1024 * 1024;
const mostSegments = 100_000;
const MOST_PIXELS = 104 * 1000 * 1000;
/** One strip or tile is unpacked whole. */
const MOST_SEGMENT_BYTES = 20 * 1024 * 1024;
const photometrics = [0, 1, 2, 3, 5];

type Numbers = (tag: number, most?: number) => Promise<number[]>;

async function openFirst(source: ByteSource): Promise<{ directory: TiffDirectory; littleEndian: boolean }> {
  const header = await readTiffHeader(source);
  const directory = header && (await readDirectory(source, header.firstDirectory, header));
  if (header === null || directory === null) throw new CutShort("the TIFF has no directory, or is cut short before it");
  return { directory, littleEndian: header.littleEndian };
}

export async function readTiffLayout(file: ByteSource): Promise<TiffLayout> {
  const source = boundedSource(file, directoryBudgetBytes);
  const { directory, littleEndian } = await openFirst(source);
  const { entries } = directory;
  const numbers: Numbers = (tag, most = 1) => readIntegers(source, entries.get(tag), littleEndian, most);
  const number = async (tag: number, missing: number) => (await numbers(tag))[0] ?? missing;
  const code = await number(tags.compression, 1);
  const compression = [...tiffCompressions].find(([known]) => known === code)?.[1];
  if (compression === undefined) throw new Error(`the TIFF is compressed in a way (${code}) that is not read here`);
  const samples = await number(tags.samples, 1);
  const layout: TiffLayout = {
    littleEndian,
    compression,
    samples,
    width: await number(tags.width, 0),
    height: await number(tags.height, 0),
    bits: await number(tags.bits, 1),
    photometric: await number(tags.photometric, 1),
    isDifferenced: (await number(tags.predictor, 1)) === 2,
    hasAlpha: [1, 2].includes(await number(tags.extra, 0)),
    palette: await numbers(tags.palette, 3 * 256),
    icc: await readValue(source, entries.get(tags.icc), 1024 * 1024),
    ...(await segmentsOf(numbers, number)),
  };
  const isPlanar = samples > 1 && (await number(tags.planar, 1)) !== 1;
  requireReadable(layout, isPlanar, await number(tags.sampleFormat, 1), await number(tags.predictor, 1));
  return layout;
}

async function segmentsOf(numbers: Numbers, number: (tag: number, missing: number) => Promise<number>) {
  const tileOffsets = await numbers(tags.tileOffsets, mostSegments);
  if (tileOffsets.length > 0) {
    return {
      tileWidth: await number(tags.tileWidth, 0),
      tileHeight: await number(tags.tileHeight, 0),
      offsets: tileOffsets,
      sizes: await numbers(tags.tileSizes, mostSegments),
    };
  }
  const height = await number(tags.height, 0);
  return {
    tileWidth: await number(tags.width, 0),
    tileHeight: Math.min(await number(tags.rowsPerStrip, height), height),
    offsets: await numbers(tags.stripOffsets, mostSegments),
    sizes: await numbers(tags.stripSizes, mostSegments),
  };
}

function requireReadable(layout: TiffLayout, isPlanar: boolean, sampleFormat: number, predictor: number): void {
  const { width, height, bits, samples, photometric, tileWidth, tileHeight, offsets } = layout;
  if (width < 1 || height < 1 || tileWidth < 1 || tileHeight < 1) throw new Error("the TIFF has no size");
  if (Math.max(width, height) > LONGEST_JPEG_SIDE || width * height > MOST_PIXELS) {
    throw new Error(`${width} × ${height} is more than can be decoded here`);
  }
  if (![1, 4, 8, 16].includes(bits) || (bits < 8 && samples > 1)) throw new Error(`the TIFF has ${bits} bits a sample`);
  if (sampleFormat !== 1) throw new Error("the TIFF's samples are not whole numbers");
  if (!photometrics.includes(photometric)) throw new Error(`the TIFF's colours (${photometric}) are not read here`);
  const needed = photometric === 5 ? 4 : photometric === 2 ? 3 : 1;
  if (samples < needed || samples > 8) throw new Error(`the TIFF has ${samples} samples a pixel`);
  if (isPlanar) throw new Error("the TIFF keeps each colour in a plane of its own, which is not read here");
  if (predictor > 2 || (predictor === 2 && bits < 8)) throw new Error("the TIFF's predictor is not read here");
  if (segmentBytes(layout) > MOST_SEGMENT_BYTES && !isStreamed(layout)) {
    throw new Error("the TIFF is compressed in one piece that is too large to unpack");
  }
  const count = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  if (offsets.length < count) throw new Error("the TIFF does not say where all of its pixels are");
}

export function rowBytes({ tileWidth, bits, samples }: TiffLayout): number {
  return Math.ceil((tileWidth * bits * samples) / 8);
}

export function segmentBytes(layout: TiffLayout): number {
  return rowBytes(layout) * layout.tileHeight;
}

/** Uncompressed strips can be read in parts, however long they are. */
export function isStreamed({ compression, tileWidth, width }: TiffLayout): boolean {
  return compression === "none" && tileWidth === width;
}
