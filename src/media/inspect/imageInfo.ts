import { readBmp } from "./containers/bmp.ts";
import { readCr3 } from "./tiff/cr3.ts";
import { readGif } from "./containers/gif.ts";
import { readHeif } from "./containers/heif/heif.ts";
import { readJpeg } from "./containers/jpeg/jpeg.ts";
import { readJp2 } from "./containers/jp2.ts";
import { readJxl } from "./containers/jxl.ts";
import { readPng } from "./containers/png/png.ts";
import { readRaf } from "./tiff/raf.ts";
import { type ImageContent, type ImageReader, emptyContent } from "./containers/imageContent.ts";
import { readCiff } from "./tiff/ciff.ts";
import { readMrw } from "./tiff/mrw.ts";
import { readTiff } from "./tiff/tiff.ts";
import { readX3f } from "./tiff/x3f.ts";
import { readWebp } from "./containers/webp.ts";
import { readExif } from "./exif/exif.ts";
import { orientationAt } from "./exif/tagValues.ts";
import type { MediaFamily } from "./formats.ts";
import { type FileMetadata, emptyMetadata } from "./metadata/fileMetadata.ts";
import { type ImageMetadata, readImageMetadata } from "./metadata/imageMetadata.ts";
import type { ByteSource } from "./bytes/byteSource.ts";
import { inspectionBudget } from "./bytes/inspectionBudget.ts";
import type { WallTime } from "./metadata/wallTime.ts";

const readers: Partial<Record<MediaFamily, ImageReader>> = {
  jpeg: readJpeg,
  png: readPng,
  gif: readGif,
  webp: readWebp,
  bmp: readBmp,
  tiff: readTiff,
  raf: readRaf,
  cr3: readCr3,
  heif: readHeif,
  jxl: readJxl,
  jp2: readJp2,
  mrw: readMrw,
  ciff: readCiff,
  x3f: readX3f,
};

export interface ImageInfo {
  /** Displayed size in pixels; 0 if unknown. */
  width: number;
  height: number;
  rawWidth: number | null;
  rawHeight: number | null;
  metadata: FileMetadata;
  captureTime: WallTime | null;
  gpsTimeUs: number | null;
}

/** Larger values indicate a corrupt header. */
const MAX_SIDE_PIXELS = 2 ** 31 - 1;

/** Reads the container of an image, up to the first defect; null for a video family. */
export async function readImageContent(
  source: ByteSource,
  family: MediaFamily,
  budget = inspectionBudget(),
): Promise<ImageContent | null> {
  const reader = readers[family];
  if (reader === undefined) return null;
  const content = emptyContent(budget);
  try {
    await reader(source, content);
  } catch {
    // The file is truncated or corrupt from here; the content before it is kept.
  }
  return content;
}

/** Reads dimensions and metadata of an image; null for a video family. */
export async function readImageInfo(
  source: ByteSource,
  family: MediaFamily,
  budget = inspectionBudget(),
): Promise<ImageInfo | null> {
  const content = await readImageContent(source, family, budget);
  if (content === null) return null;
  const fields = await readImageMetadata(content).catch((): ImageMetadata => ({
    metadata: emptyMetadata(),
    captureTime: null,
    gpsTimeUs: null,
  }));
  return { ...imageDimensions(content, fields.metadata.orientation), ...fields };
}

export interface DisplayInfo {
  /** Displayed size in pixels; 0 if unknown. */
  width: number;
  height: number;
  /** Encoded size in pixels; null if unknown. */
  rawWidth: number | null;
  rawHeight: number | null;
  /** EXIF 1 to 8. */
  orientation: number | null;
}

/** Reads only what decides how an image is displayed, as `readImageInfo` reads it; null for a video family. */
export async function readDisplayInfo(
  source: ByteSource,
  family: MediaFamily,
  budget = inspectionBudget(),
): Promise<DisplayInfo | null> {
  const content = await readImageContent(source, family, budget);
  if (content === null) return null;
  const orientation = await readOrientation(content);
  return { ...imageDimensions(content, orientation), orientation };
}

/** Returns the EXIF orientation, 1 to 8; null if unknown. */
export async function readOrientation(content: ImageContent): Promise<number | null> {
  return await readExif(content.exif).then(
    ({ image }) => orientationAt(image) ?? content.fields.orientation ?? null,
    () => null,
  );
}

function imageDimensions(content: ImageContent, orientation: number | null): Omit<ImageInfo, keyof ImageMetadata> {
  const { rawWidth, rawHeight } = content;
  const isKnown = [rawWidth, rawHeight].every((side) => side > 0 && side <= MAX_SIDE_PIXELS);
  if (!isKnown) return { width: 0, height: 0, rawWidth: null, rawHeight: null };
  const isCropped = content.crop !== null && content.crop.width <= rawWidth && content.crop.height <= rawHeight;
  const displayed = isCropped && content.crop !== null ? content.crop : { width: rawWidth, height: rawHeight };
  const swaps = content.swapsAxes ?? (orientation !== null && orientation >= 5);
  return {
    width: swaps ? displayed.height : displayed.width,
    height: swaps ? displayed.width : displayed.height,
    rawWidth,
    rawHeight,
  };
}
