/** Reads a still picture: its container by the bytes, then the metadata blocks found there. */
import { readBmp } from "./containers/bmp.ts";
import { readCr3 } from "./tiff/cr3.ts";
import { readGif } from "./containers/gif.ts";
import { readHeif } from "./containers/heif.ts";
import { readJpeg } from "./containers/jpeg.ts";
import { readJxl } from "./containers/jxl.ts";
import { readPng } from "./containers/png.ts";
import { readRaf } from "./tiff/raf.ts";
import { type StillContent, type StillReader, emptyContent } from "./containers/imageContent.ts";
import { readTiff } from "./tiff/tiff.ts";
import { readWebp } from "./containers/webp.ts";
import type { MediaFamily } from "./formats.ts";
import { type FileMetadata, emptyMetadata } from "./metadata/fileMetadata.ts";
import { type StillMetadata, readStillMetadata } from "./metadata/imageMetadata.ts";
import type { ByteSource } from "./bytes/byteSource.ts";
import type { WallTime } from "./metadata/wallTime.ts";

const readers: Partial<Record<MediaFamily, StillReader>> = {
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
};

export interface StillFacts {
  /** As displayed; 0 where unknown. */
  width: number;
  height: number;
  rawWidth: number | null;
  rawHeight: number | null;
  metadata: FileMetadata;
  captureTime: WallTime | null;
}

/** A side of more pixels than this is a broken header. */
const longestSide = 2 ** 31 - 1;

/** What its container holds, as far as it can be read. Null where the family is no still picture's. */
export async function readStillContent(source: ByteSource, family: MediaFamily): Promise<StillContent | null> {
  const reader = readers[family];
  if (reader === undefined) return null;
  const content = emptyContent();
  try {
    await reader(source, content);
  } catch {
    // The file breaks off or contradicts itself there: what came before stands.
  }
  return content;
}

/** Null where the family is no still picture's. */
export async function readStill(source: ByteSource, family: MediaFamily): Promise<StillFacts | null> {
  const content = await readStillContent(source, family);
  if (content === null) return null;
  const found = await readStillMetadata(content).catch((): StillMetadata => ({
    metadata: emptyMetadata(),
    captureTime: null,
  }));
  return { ...dimensions(content, found.metadata.orientation), ...found };
}

function dimensions(content: StillContent, orientation: number | null): Omit<StillFacts, keyof StillMetadata> {
  const { rawWidth, rawHeight } = content;
  const isKnown = [rawWidth, rawHeight].every((side) => side > 0 && side <= longestSide);
  if (!isKnown) return { width: 0, height: 0, rawWidth: null, rawHeight: null };
  const fits = content.crop !== null && content.crop.width <= rawWidth && content.crop.height <= rawHeight;
  const shown = fits && content.crop !== null ? content.crop : { width: rawWidth, height: rawHeight };
  const swaps = content.swapsAxes ?? (orientation !== null && orientation >= 5);
  return {
    width: swaps ? shown.height : shown.width,
    height: swaps ? shown.width : shown.height,
    rawWidth,
    rawHeight,
  };
}
