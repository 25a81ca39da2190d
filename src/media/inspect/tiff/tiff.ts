import type { ByteSource } from "../bytes/byteSource.ts";
import {
  type TiffDirectory,
  type TiffHeader,
  PANASONIC_VERSION,
  readDirectory,
  readIntegers,
  readTiffHeader,
  readValue,
} from "./tiffDirectory.ts";
import { subSource } from "../bytes/boundedSource.ts";
import { readJpeg } from "../containers/jpeg/jpeg.ts";
import { iptcBlocksIn } from "../metadata/photoshop.ts";
import { type ImageContent, emptyContent, MAX_BLOCK_BYTES } from "../containers/imageContent.ts";

const tags = {
  subfileType: 0xfe,
  width: 0x100,
  height: 0x101,
  subDirectories: 0x14a,
  xmp: 0x2bc,
  iptc: 0x83bb,
  photoshop: 0x8649,
  icc: 0x8773,
} as const;

/** Panasonic's RW2 has sensor borders instead of width and height, and an embedded JPEG with the metadata. */
const panasonicBorders = { top: 0x04, left: 0x05, bottom: 0x06, right: 0x07 } as const;
const PANASONIC_JPEG_TAG = 0x2e;

const MAX_PAGES = 4;
const MAX_SUB_DIRECTORIES = 8;

interface DirectoryImage {
  width: number;
  height: number;
  isFullSize: boolean;
}

/** Reads a TIFF, or a RAW file based on it: the size of the main image, and the metadata in its directories. */
export async function readTiff(source: ByteSource, content: ImageContent): Promise<void> {
  const header = await readTiffHeader(source);
  if (header === null) return;
  content.exif.push({ source, firstDirectory: "image" });
  const main = await readDirectory(source, header.firstDirectory, header);
  if (main === null) return;
  const image = await findMainImage(source, main, header);
  content.rawWidth = image?.width ?? 0;
  content.rawHeight = image?.height ?? 0;
  await readBlocks(source, main, content);
  if (header.version === PANASONIC_VERSION) await readPanasonicJpeg(source, main, content);
}

async function readPanasonicJpeg(source: ByteSource, main: TiffDirectory, content: ImageContent): Promise<void> {
  const entry = main.entries.get(PANASONIC_JPEG_TAG);
  if (entry === undefined) return;
  const jpeg = emptyContent(content.budget);
  await readJpeg(subSource(source, entry.at, entry.sizeBytes), jpeg);
  content.exif.push(...jpeg.exif);
  content.xmp.push(...jpeg.xmp);
  content.iptc.push(...jpeg.iptc);
}

/**
 * Returns the first image with NewSubfileType 0, as exiftool does: in most RAW files the first directory is a preview
 * and declares it. Without any NewSubfileType 0, the first directory is the main image.
 */
async function findMainImage(
  source: ByteSource,
  main: TiffDirectory,
  header: TiffHeader,
): Promise<DirectoryImage | null> {
  const first = await imageOf(source, main, header);
  if (first?.isFullSize) return first;
  const offsets = await readIntegers(
    source,
    main.entries.get(tags.subDirectories),
    header.littleEndian,
    MAX_SUB_DIRECTORIES,
  );
  for (const offset of offsets) {
    const directory = await readDirectory(source, offset, header);
    const image = directory && (await imageOf(source, directory, header));
    if (image?.isFullSize) return image;
  }
  let next = main.next;
  for (let page = 1; page < MAX_PAGES && next !== 0; page++) {
    const directory = await readDirectory(source, next, header);
    const image = directory && (await imageOf(source, directory, header));
    if (image?.isFullSize) return image;
    next = directory?.next ?? 0;
  }
  return first ?? (await panasonicImage(source, main, header));
}

async function imageOf(
  source: ByteSource,
  directory: TiffDirectory,
  { littleEndian }: TiffHeader,
): Promise<DirectoryImage | null> {
  const number = async (tag: number) => (await readIntegers(source, directory.entries.get(tag), littleEndian, 1))[0];
  const width = await number(tags.width);
  const height = await number(tags.height);
  if (width === undefined || height === undefined) return null;
  return { width, height, isFullSize: (await number(tags.subfileType)) === 0 };
}

async function panasonicImage(
  source: ByteSource,
  directory: TiffDirectory,
  { littleEndian }: TiffHeader,
): Promise<DirectoryImage | null> {
  const border = async (tag: number) =>
    (await readIntegers(source, directory.entries.get(tag), littleEndian, 1))[0] ?? 0;
  const width = (await border(panasonicBorders.right)) - (await border(panasonicBorders.left));
  const height = (await border(panasonicBorders.bottom)) - (await border(panasonicBorders.top));
  return width > 0 && height > 0 ? { width, height, isFullSize: true } : null;
}

async function readBlocks(source: ByteSource, { entries }: TiffDirectory, content: ImageContent): Promise<void> {
  const block = (tag: number) => readValue(source, entries.get(tag), MAX_BLOCK_BYTES);
  const xmp = await block(tags.xmp);
  if (xmp !== null) content.xmp.push(xmp);
  const iptc = await block(tags.iptc);
  if (iptc !== null) content.iptc.push(iptc);
  // With a thumbnail and paths, Photoshop's block can exceed MAX_BLOCK_BYTES; then it is skipped.
  const photoshop = await block(tags.photoshop);
  if (photoshop !== null) content.iptc.push(...iptcBlocksIn(photoshop));
  content.icc = await block(tags.icc);
}
