/** TIFF and the RAW families built on it: which of its pictures is the main one, and where XMP, IPTC and the profile lie. */
import type { ByteSource } from "../bytes/byteSource.ts";
import {
  type TiffDirectory,
  type TiffHeader,
  panasonicVersion,
  readDirectory,
  readIntegers,
  readTiffHeader,
  readValue,
} from "./tiffDirectory.ts";
import { section } from "../bytes/boundedSource.ts";
import { readJpeg } from "../containers/jpeg.ts";
import { photoshopIptc } from "../metadata/photoshop.ts";
import { type StillContent, emptyContent, longestBlockBytes } from "../containers/imageContent.ts";

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

/** Panasonic's RW2 has no width: it tells the borders of the picture on the sensor, and keeps a JPEG with all that is known of it. */
const panasonicBorders = { top: 0x04, left: 0x05, bottom: 0x06, right: 0x07 } as const;
const panasonicJpeg = 0x2e;

const mostPages = 4;
const mostSubDirectories = 8;

interface Picture {
  width: number;
  height: number;
  isFullSize: boolean;
}

export async function readTiff(source: ByteSource, content: StillContent): Promise<void> {
  const header = await readTiffHeader(source);
  if (header === null) return;
  content.tiff.push({ source, firstDirectory: "image" });
  const main = await readDirectory(source, header.firstDirectory, header);
  if (main === null) return;
  const picture = await mainPicture(source, main, header);
  content.rawWidth = picture?.width ?? 0;
  content.rawHeight = picture?.height ?? 0;
  await readBlocks(source, main, content);
  if (header.version === panasonicVersion) await readPanasonicJpeg(source, main, content);
}

async function readPanasonicJpeg(source: ByteSource, main: TiffDirectory, content: StillContent): Promise<void> {
  const entry = main.entries.get(panasonicJpeg);
  if (entry === undefined) return;
  const found = emptyContent();
  await readJpeg(section(source, entry.at, entry.sizeBytes), found);
  content.tiff.push(...found.tiff);
  content.xmp.push(...found.xmp);
  content.iptc.push(...found.iptc);
}

/**
 * The first picture that calls itself full-size (NewSubfileType 0), as exiftool has it: the first directory
 * of most RAW files is a preview, and says so. Without such a claim the first directory is the picture.
 */
async function mainPicture(source: ByteSource, main: TiffDirectory, header: TiffHeader): Promise<Picture | null> {
  const first = await pictureOf(source, main, header);
  if (first?.isFullSize) return first;
  const offsets = await readIntegers(
    source,
    main.entries.get(tags.subDirectories),
    header.littleEndian,
    mostSubDirectories,
  );
  for (const offset of offsets) {
    const directory = await readDirectory(source, offset, header);
    const picture = directory && (await pictureOf(source, directory, header));
    if (picture?.isFullSize) return picture;
  }
  let next = main.next;
  for (let page = 1; page < mostPages && next !== 0; page++) {
    const directory = await readDirectory(source, next, header);
    const picture = directory && (await pictureOf(source, directory, header));
    if (picture?.isFullSize) return picture;
    next = directory?.next ?? 0;
  }
  return first ?? (await panasonicPicture(source, main, header));
}

async function pictureOf(
  source: ByteSource,
  directory: TiffDirectory,
  { littleEndian }: TiffHeader,
): Promise<Picture | null> {
  const number = async (tag: number) => (await readIntegers(source, directory.entries.get(tag), littleEndian, 1))[0];
  const width = await number(tags.width);
  const height = await number(tags.height);
  if (width === undefined || height === undefined) return null;
  return { width, height, isFullSize: (await number(tags.subfileType)) === 0 };
}

async function panasonicPicture(
  source: ByteSource,
  directory: TiffDirectory,
  { littleEndian }: TiffHeader,
): Promise<Picture | null> {
  const border = async (tag: number) =>
    (await readIntegers(source, directory.entries.get(tag), littleEndian, 1))[0] ?? 0;
  const width = (await border(panasonicBorders.right)) - (await border(panasonicBorders.left));
  const height = (await border(panasonicBorders.bottom)) - (await border(panasonicBorders.top));
  return width > 0 && height > 0 ? { width, height, isFullSize: true } : null;
}

async function readBlocks(source: ByteSource, { entries }: TiffDirectory, content: StillContent): Promise<void> {
  const block = (tag: number) => readValue(source, entries.get(tag), longestBlockBytes);
  const xmp = await block(tags.xmp);
  if (xmp !== null) content.xmp.push(xmp);
  const iptc = await block(tags.iptc);
  if (iptc !== null) content.iptc.push(iptc);
  // Photoshop's own block can be as large as its thumbnail and paths; one too long is left alone.
  const photoshop = await block(tags.photoshop);
  if (photoshop !== null) content.iptc.push(...photoshopIptc(photoshop));
  content.icc = await block(tags.icc);
}
