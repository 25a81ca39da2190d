/** Strategies to convert an original unsupported by the renderer into an image that it can read. */
import { avifToJpeg } from "../../../../media/transcode/heif/avifToJpeg.ts";
import { TruncatedFileError, type EncodedJpeg } from "../../../../media/transcode/jpeg/encodedJpeg.ts";
import { bmpToJpeg } from "../../../../media/transcode/bmpToJpeg.ts";
import { heicToJpeg } from "../../../../media/transcode/heif/heicToJpeg.ts";
import { jxlToJpeg, MAX_JXL_BYTES } from "../../../../media/transcode/jxl/jxlToJpeg.ts";
import { requantizeJpeg } from "../../../../media/transcode/jpeg/jpegRequantizer.ts";
import { isBlank } from "../../../../media/transcode/animation/canvas.ts";
import { hasFurtherFrames } from "../../../../media/transcode/animation/hasFurtherFrames.ts";
import { visibleFrameNote } from "../../../../media/transcode/animation/visibleFrame.ts";
import { firstFrameImage, visibleFrameImage } from "../../../../media/transcode/display/substituteImage.ts";
import { gifToJpeg } from "../../../../media/transcode/gif/gifToJpeg.ts";
import { encodePng } from "../../../../media/transcode/png/encodePng.ts";
import { pngToJpeg } from "../../../../media/transcode/png/pngToJpeg.ts";
import { tiffToJpeg } from "../../../../media/transcode/tiff/tiffToJpeg.ts";
import type { RgbaImage } from "../../../../media/transcode/rgbaImage.ts";
import { jpegToJpeg } from "../../../../media/transcode/scaled/jpeg/jpegToJpeg.ts";
import type { WorkersPlan } from "../../../../kernel/config.ts";
import type { MediaFamily } from "../../../../media/inspect/formats.ts";
import { isRawTiff } from "../../../../media/transcode/preview/rawTiff.ts";
import { rawFormatName } from "../../../../media/transcode/preview/rawFormatName.ts";
import { findEmbeddedJpeg } from "../../../../media/transcode/preview/embeddedJpeg.ts";
import { uprightJpeg, type Sides } from "../../../../media/transcode/preview/uprightJpeg.ts";
import type { ByteSource } from "../../../../media/inspect/bytes/byteSource.ts";
import { imagesBindingRenderer } from "../../../../providers/renderers/imagesBinding.ts";
import { decodeToJpeg, encodeWithinLimit, MAX_PROXY_BYTES } from "../../../delivery/scaled/proxyJpeg.ts";
import type { Context } from "../../../context.ts";

export interface ProxyInput {
  /** Held in memory if every strategy needs the whole file. */
  source: ByteSource;
  /** Detected from the bytes. */
  family: MediaFamily;
  /** Derived from the file extension, which separates TIFF from the RAW formats based on it. */
  mimeType: string;
  /** Detected from the major brand of the container. */
  isAvif: boolean;
  /** A HEIC or AVIF with transparency. */
  hasAlpha: boolean;
  /** EXIF orientation, for formats without their own. */
  orientation: number | null;
  /** Dimensions of the raw image, if known. */
  raw: Sides | null;
}

export type ProxyResult =
  | {
      kind: "success";
      pieces: Uint8Array[];
      contentType: string;
      description: string;
      /** The upright preview, if it was decoded in the same pass. */
      scaled?: RgbaImage | null;
    }
  | { kind: "failure"; reason: string; isTransient: boolean };
export type ProxyStrategy = (context: Context, original: ProxyInput) => Promise<ProxyResult>;

/** A HEIF is in memory twice, in JavaScript and in WebAssembly, and an isolate has 128 MB. */
const MAX_HEIF_BYTES = 24 * 1024 * 1024;
/** Types of the RAW formats that are based on TIFF. */
const RAW_TIFF_TYPE = /^image\/x-/;

function permanentFailure(reason: string): ProxyResult {
  return { kind: "failure", reason, isTransient: false };
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Cloudflare Images renders outside the isolate, which costs it neither CPU nor memory. */
const withCloudflareImages: ProxyStrategy = async ({ images }, original) => {
  const { source, family, mimeType, isAvif, hasAlpha } = original;
  if (source.sizeBytes > MAX_PROXY_BYTES) return permanentFailure("exceeds the 20 MB input limit of Cloudflare Images");
  // Cameras write opaque HEIC files; other formats can have transparency.
  const isOpaque = family === "heif" && !isAvif && !hasAlpha && mimeType !== "image/heif";
  const format = isOpaque ? "jpeg" : "webp";
  const body = streamOf(await source.read(0, source.sizeBytes));
  try {
    const rendered = await imagesBindingRenderer(images)(
      { body, url: () => Promise.resolve("") },
      { edgePx: null, format },
    );
    if (rendered.kind === "unreadable") return permanentFailure(rendered.reason);
    const { bytes, contentType } = rendered;
    if (bytes.length > MAX_PROXY_BYTES) return permanentFailure("the image from Cloudflare Images exceeds 20 MB");
    return {
      kind: "success",
      pieces: [bytes],
      contentType,
      description: `full size, encoded by Cloudflare Images as ${contentType}`,
    };
  } catch (error) {
    return { kind: "failure", reason: error instanceof Error ? error.message : String(error), isTransient: true };
  }
};

/** Qualities for JPEGs over the limit. Files above `LARGE_JPEG_BYTES` skip the first, which would save too little. */
const REQUANTIZED_QUALITIES = [85, 60, 35];
const LARGE_JPEG_BYTES = 2 * MAX_PROXY_BYTES;

function jpegResult(
  { pieces, width, height }: EncodedJpeg,
  method: string,
  scaled: RgbaImage | null = null,
): ProxyResult {
  return {
    kind: "success",
    scaled,
    pieces,
    contentType: "image/jpeg",
    description: `full size, ${width} × ${height}, ${method}`,
  };
}

/** HEVC and AV1 images share the HEIF container; libheif reports AV1 data under another brand. */
const withLibheif: ProxyStrategy = async (context, { source, isAvif }) => {
  if (source.sizeBytes > MAX_HEIF_BYTES) return permanentFailure("exceeds the 24 MB limit of the HEIF decoder");
  const file = await source.read(0, source.sizeBytes);
  const decode = isAvif ? avifToJpeg : heicToJpeg;
  const { jpeg, scaled } = await decodeToJpeg<EncodedJpeg & { heapBytes: number }>(context, (limits, openSink) =>
    decode(file, limits, openSink),
  );
  return jpegResult(
    jpeg,
    `decoded from ${isAvif ? "AVIF" : "HEIC"} in ${Math.ceil(jpeg.heapBytes / 2 ** 20)} MB`,
    scaled,
  );
};

const withJxlDecoder: ProxyStrategy = async (context, { source }) => {
  if (source.sizeBytes > MAX_JXL_BYTES) return permanentFailure("exceeds the 24 MB limit of the JPEG XL decoder");
  const file = await source.read(0, source.sizeBytes);
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) => jxlToJpeg(file, limits, openSink));
  return jpegResult(jpeg, "decoded from JPEG XL", scaled);
};

const withTiffDecoder: ProxyStrategy = async (context, { source, orientation }) => {
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) =>
    tiffToJpeg(source, limits, orientation ?? 1, openSink),
  );
  return jpegResult(jpeg, "decoded from TIFF", scaled);
};

const withBmpDecoder: ProxyStrategy = async (context, { source }) => {
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) => bmpToJpeg(source, limits, openSink));
  return jpegResult(jpeg, "decoded from BMP", scaled);
};

/** The decoder keeps the pixels as stored, so the JPEG carries the orientation. */
const withPngDecoder: ProxyStrategy = async (context, original) => {
  const { source, orientation } = original;
  const { jpeg, scaled } = await decodeToJpeg(
    context,
    (limits, openSink) => pngToJpeg(source, limits, openSink),
    orientation ?? 1,
  );
  const [start, ...rest] = jpeg.pieces;
  if (start === undefined) return permanentFailure("the PNG has no image data");
  if (scaled !== null && isBlank(scaled) && (await hasFurtherFrames(source, "png"))) {
    const composed = await composedFrame(context, original);
    if (composed !== null) return composed;
  }
  const upright = uprightJpeg(start, { ...jpeg, orientation: null }, { orientation, raw: null });
  return jpegResult({ ...jpeg, pieces: [...upright, ...rest] }, withDamage("decoded from PNG", jpeg.damage), scaled);
};

function withDamage(method: string, damage: string | null): string {
  return damage === null ? method : `${method}; ${damage}`;
}

const withJpegRequantizer: ProxyStrategy = async (_context, { source, orientation }) => {
  const qualities = source.sizeBytes > LARGE_JPEG_BYTES ? REQUANTIZED_QUALITIES.slice(1) : REQUANTIZED_QUALITIES;
  try {
    const jpeg = await encodeWithinLimit(qualities, (limits) => requantizeJpeg(source, limits, orientation ?? 1));
    return jpegResult(jpeg, "requantized");
  } catch (error) {
    // The decoder shows a damaged file as far as it goes.
    if (error instanceof TruncatedFileError) return permanentFailure(error.message);
    throw error;
  }
};

/** Progressive files, whose coefficients don't fit in memory at once, and damaged ones. */
const withJpegDecoder: ProxyStrategy = async (context, { source }) => {
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) => jpegToJpeg(source, limits, openSink));
  const result = jpegResult(jpeg, withDamage("decoded from JPEG", jpeg.damage), scaled);
  return jpeg.isReduced && result.kind === "success"
    ? { ...result, description: result.description.replace("full size", "reduced") }
    : result;
};

/** Uses the camera's own JPEG, which often has the size of the raw image. */
const withEmbeddedJpeg: ProxyStrategy = async (_context, { source, family, mimeType, orientation, raw }) => {
  const embedded = await findEmbeddedJpeg(source, family, MAX_PROXY_BYTES);
  if (embedded === null)
    return permanentFailure(
      `${rawFormatName(family, mimeType)}: no embedded JPEG found, and decoding raw sensor data is not supported`,
    );
  const jpeg = await source.read(embedded.offset, embedded.length);
  const pieces = uprightJpeg(jpeg, embedded, { orientation, raw });
  const description = `embedded JPEG, ${embedded.width} × ${embedded.height}`;
  return { kind: "success", pieces, contentType: "image/jpeg", description };
};

/** Composes the first frame of an animation that isn't blank, without loss; null if its canvas is too large. */
async function composedFrame(
  { config }: Context,
  { source, family }: ProxyInput,
): Promise<Extract<ProxyResult, { kind: "success" }> | null> {
  const frame = (await visibleFrameImage(source, family)) ?? (await firstFrameImage(source, family));
  if (frame === null) return null;
  const { image, index } = frame;
  const method = `full size, ${image.width} × ${image.height}, decoded from ${family.toUpperCase()}`;
  return {
    kind: "success",
    pieces: await encodePng(image),
    contentType: "image/png",
    description: withDamage(method, index === 0 ? null : visibleFrameNote(index)),
    scaled: config.workersPlan === "free" ? null : image,
  };
}

/** Larger screens show their first frame. */
const withGifDecoder: ProxyStrategy = async (context, original) => {
  const composed = await composedFrame(context, original);
  if (composed !== null) return composed;
  const { source } = original;
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) => gifToJpeg(source, limits, openSink));
  return jpegResult(jpeg, withDamage("decoded from GIF", jpeg.damage), scaled);
};

/** The frames of an animation are small. libwebp holds a still image of this size twice, and all its pixels. */
const withWebpDecoder: ProxyStrategy = async (context, original) =>
  (await composedFrame(context, original)) ??
  permanentFailure("a WebP over 20 MB is decoded only if it is an animation of at most 3 megapixels");

const unsupported: ProxyStrategy = (_context, { family }) =>
  Promise.resolve(permanentFailure(`decoding ${family} files is not supported`));

const strategiesByFamily: Partial<Record<MediaFamily, ProxyStrategy[]>> = {
  bmp: [withBmpDecoder],
  raf: [withEmbeddedJpeg],
  cr3: [withEmbeddedJpeg],
  ciff: [withEmbeddedJpeg],
  mrw: [withEmbeddedJpeg],
  x3f: [withEmbeddedJpeg],
  jpeg: [withJpegRequantizer, withJpegDecoder],
  png: [withPngDecoder],
  gif: [withGifDecoder],
  webp: [withWebpDecoder],
};

/** The bytes distinguish a RAW under a name such as `.jpg` from a TIFF, and a TIFF under the name of a RAW. */
async function tiffStrategies({ source, mimeType }: ProxyInput): Promise<ProxyStrategy[]> {
  if (await isRawTiff(source)) return [withEmbeddedJpeg];
  if (mimeType === "image/tiff") return [withTiffDecoder, withCloudflareImages, withEmbeddedJpeg];
  return RAW_TIFF_TYPE.test(mimeType) ? [withEmbeddedJpeg, withTiffDecoder] : [withTiffDecoder, withEmbeddedJpeg];
}

/**
 * A second of CPU costs 0.00002 dollars on Workers Paid, and a call of Cloudflare Images 0.0005. Workers Free has 10 ms
 * of CPU. Cloudflare Images keeps transparency.
 */
function heifStrategies({ hasAlpha }: ProxyInput, plan: WorkersPlan): ProxyStrategy[] {
  const isDecodedFirst = plan === "paid" && !hasAlpha;
  return isDecodedFirst ? [withLibheif, withCloudflareImages] : [withCloudflareImages, withLibheif];
}

function jxlStrategies(plan: WorkersPlan): ProxyStrategy[] {
  return plan === "paid" ? [withJxlDecoder, withCloudflareImages] : [withCloudflareImages, withJxlDecoder];
}

/** Returns the strategies for an original in the order in which to try them. */
export async function strategiesFor(original: ProxyInput, plan: WorkersPlan): Promise<ProxyStrategy[]> {
  if (original.family === "tiff") return await tiffStrategies(original);
  if (original.family === "heif") return heifStrategies(original, plan);
  if (original.family === "jxl") return jxlStrategies(plan);
  return strategiesByFamily[original.family] ?? [unsupported];
}
