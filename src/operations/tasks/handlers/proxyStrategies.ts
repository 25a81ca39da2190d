/** The ways from an original that the renderer can't read to a picture it can, in the order in which to try them. */
import { avifToJpeg } from "../../../media/transcode/heif/avifToJpeg.ts";
import { JpegTooLong, type EncodedJpeg, type JpegLimits } from "../../../media/transcode/jpeg/encodedJpeg.ts";
import { bmpToJpeg } from "../../../media/transcode/bmpToJpeg.ts";
import { heicToJpeg } from "../../../media/transcode/heif/heicToJpeg.ts";
import { shrinkJpeg } from "../../../media/transcode/jpeg/jpegRequantizer.ts";
import { pngToJpeg } from "../../../media/transcode/png/pngRows.ts";
import { tiffToJpeg } from "../../../media/transcode/tiff/tiffToJpeg.ts";
import type { MediaFamily } from "../../../media/inspect/formats.ts";
import { findEmbeddedJpeg } from "../../../media/transcode/preview/embeddedJpeg.ts";
import { uprightJpeg, type Sides } from "../../../media/transcode/preview/uprightJpeg.ts";
import type { ByteSource } from "../../../media/inspect/bytes/byteSource.ts";
import { renderByBinding } from "../../../providers/renderers/imagesBinding.ts";
import type { WorkDeps } from "../taskOutcome.ts";

export interface Original {
  /** From memory where every way needs the file whole. */
  source: ByteSource;
  /** By the bytes, whatever the name says. */
  family: MediaFamily;
  /** By its name: TIFF and the RAW formats built on it are one family. */
  mimeType: string;
  /** By the first brand of its container. */
  isAvif: boolean;
  /** EXIF's, for containers that leave it to EXIF. */
  orientation: number | null;
  /** The size of the raw picture, where known. */
  raw: Sides | null;
}

export type Made =
  | { kind: "made"; pieces: Uint8Array[]; contentType: string; description: string }
  | { kind: "not made"; reason: string; mayPass: boolean };
export type Way = (deps: WorkDeps, original: Original) => Promise<Made>;

/** The binding's documented limit for its input: a proxy over it would need a proxy. */
const MAX_PROXY_BYTES = 20 * 1024 * 1024;
/** A HEIF is decoded from memory, where it lies twice: here and in WebAssembly. */
const MAX_HEIF_BYTES = 24 * 1024 * 1024;

function notMade(reason: string): Made {
  return { kind: "not made", reason, mayPass: false };
}

/** A stream of what is in memory already, so that R2 is asked once whichever way is taken in the end. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Images decodes, turns and encodes elsewhere: nothing of it weighs on this isolate. Full size. */
const byImages: Way = async ({ images }, { source, mimeType }) => {
  if (source.sizeBytes > MAX_PROXY_BYTES) return notMade("over the 20 MB that Cloudflare Images reads");
  // No camera's HEIC is transparent; the others may be.
  const format = mimeType === "image/heic" ? "jpeg" : "webp";
  const body = streamOf(await source.read(0, source.sizeBytes));
  try {
    const rendered = await renderByBinding(images)({ body, url: () => Promise.resolve("") }, { edgePx: null, format });
    if (rendered.kind === "unreadable") return notMade(rendered.reason);
    const { bytes, contentType } = rendered;
    if (bytes.length > MAX_PROXY_BYTES) return notMade("Images made a picture of over 20 MB");
    return { kind: "made", pieces: [bytes], contentType, description: `full size, by Images, as ${contentType}` };
  } catch (error) {
    return { kind: "not made", reason: error instanceof Error ? error.message : String(error), mayPass: true };
  }
};

/** At a quality at which nothing is seen to be lost; lower only where the file would be too long for the renderer. */
const QUALITIES = [90, 60];
/** Of a JPEG that is too long already. One of twice the limit would not fit at the first: it isn't read for that. */
const SHRINKING_QUALITIES = [85, 60, 35];
const LONG_JPEG_BYTES = 2 * MAX_PROXY_BYTES;

async function withinLimit<T extends EncodedJpeg>(
  qualities: number[],
  encode: (limits: JpegLimits) => Promise<T>,
): Promise<T> {
  const [quality = 50, ...lower] = qualities;
  try {
    return await encode({ quality, maxBytes: MAX_PROXY_BYTES });
  } catch (error) {
    if (!(error instanceof JpegTooLong) || lower.length === 0) throw error;
    return await withinLimit(lower, encode);
  }
}

function jpegOf({ pieces, width, height }: EncodedJpeg, how: string): Made {
  return { kind: "made", pieces, contentType: "image/jpeg", description: `full size, ${width} × ${height}, ${how}` };
}

/** HEVC and AV1 share the container. What is no AVIF by its brand may still be coded as one: libheif says so. */
const byWebAssembly: Way = async (_deps, { source, isAvif }) => {
  if (source.sizeBytes > MAX_HEIF_BYTES) return notMade("over the 24 MB that are decoded here");
  const file = await source.read(0, source.sizeBytes);
  const decode = isAvif ? avifToJpeg : heicToJpeg;
  const jpeg = await withinLimit(QUALITIES, (limits) => decode(file, limits));
  return jpegOf(jpeg, `decoded in ${Math.ceil(jpeg.heapBytes / 2 ** 20)} MB of WebAssembly memory`);
};

const byTiffReader: Way = async (_deps, { source, orientation }) => {
  return jpegOf(await withinLimit(QUALITIES, (limits) => tiffToJpeg(source, limits, orientation ?? 1)), "from TIFF");
};

const byBmpReader: Way = async (_deps, { source }) => {
  return jpegOf(await withinLimit(QUALITIES, (limits) => bmpToJpeg(source, limits)), "from BMP");
};

const byPngReader: Way = async (_deps, { source }) => {
  return jpegOf(await withinLimit(QUALITIES, (limits) => pngToJpeg(source, limits)), "from PNG");
};

const byJpegShrinker: Way = async (_deps, { source, orientation }) => {
  const qualities = source.sizeBytes > LONG_JPEG_BYTES ? SHRINKING_QUALITIES.slice(1) : SHRINKING_QUALITIES;
  const jpeg = await withinLimit(qualities, (limits) => shrinkJpeg(source, limits, orientation ?? 1));
  return jpegOf(jpeg, "with fewer bytes");
};

/** What the camera made of it. Often, not always, as large as the raw picture. */
const byEmbeddedJpeg: Way = async (_deps, { source, family, orientation, raw }) => {
  const found = await findEmbeddedJpeg(source, family, MAX_PROXY_BYTES);
  if (found === null) return notMade("there is no JPEG of it in the file, and raw sensor data is not developed here");
  const jpeg = await source.read(found.offset, found.length);
  const pieces = uprightJpeg(jpeg, found, { orientation, raw });
  const description = `the JPEG in the file, ${found.width} × ${found.height}`;
  return { kind: "made", pieces, contentType: "image/jpeg", description };
};

/** For a file whose name promised another format than it has. */
function asItIs(contentType: string): Way {
  return async (_deps, { source }) => {
    if (source.sizeBytes > MAX_PROXY_BYTES) return notMade("over the 20 MB that Cloudflare Images reads");
    const bytes = await source.read(0, source.sizeBytes);
    return { kind: "made", pieces: [bytes], contentType, description: "the file itself: its name says another format" };
  };
}

const noWay: Way = (_deps, { family }) => Promise.resolve(notMade(`${family} files can't be decoded here`));

const ways: Partial<Record<MediaFamily, Way[]>> = {
  heif: [byImages, byWebAssembly],
  jxl: [byImages],
  bmp: [byBmpReader],
  tiff: [byEmbeddedJpeg],
  raf: [byEmbeddedJpeg],
  cr3: [byEmbeddedJpeg],
  jpeg: [asItIs("image/jpeg"), byJpegShrinker],
  png: [asItIs("image/png"), byPngReader],
  gif: [asItIs("image/gif")],
  webp: [asItIs("image/webp")],
};

export function waysFor({ family, mimeType }: Original): Way[] {
  if (family === "tiff" && mimeType === "image/tiff") return [byTiffReader, byImages, byEmbeddedJpeg];
  return ways[family] ?? [noWay];
}
