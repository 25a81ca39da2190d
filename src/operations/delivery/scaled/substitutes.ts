/**
 * Makes display proxies that replace an original which the renderer reads wrongly: a damaged image, and an animation
 * whose first frame is blank.
 */
import { AppError } from "../../../kernel/errors.ts";
import { visibleFrameNote } from "../../../media/transcode/animation/visibleFrame.ts";
import type { MediaFamily } from "../../../media/inspect/formats.ts";
import { MAX_DECODER_BYTES } from "../../../media/transcode/decoderMemory.ts";
import {
  animationMemoryBytes,
  damagedPngImage,
  firstFrameImage,
  visibleFrameImage,
} from "../../../media/transcode/display/substituteImage.ts";
import { deriveScaledImages, type ScaledImages } from "../../../media/transcode/display/scaledImages.ts";
import { encodePng } from "../../../media/transcode/png/encodePng.ts";
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import { decodeScaled } from "../../../media/transcode/scaled/decodeScaled.ts";
import { jpegToJpeg } from "../../../media/transcode/scaled/jpeg/jpegToJpeg.ts";
import { MAX_SCALED_ROWS_BYTES } from "../../../media/transcode/scaled/scaledRows.ts";
import type { ProxyImage } from "../../../objects/delivery/displayProxies.ts";
import { originalSource } from "../../../objects/uploads/originals.ts";
import type { Context } from "../../context.ts";
import type { DisplayableAsset, DisplayFile } from "../displaySource.ts";
import { VARIANT_EDGES_PX } from "../variants.ts";
import { RENDITION_MEMORY_BYTES, withDecoder } from "./decoderTurn.ts";
import { keepProxy } from "./keepProxy.ts";
import { decodeToJpeg } from "./proxyJpeg.ts";

/** The images of a file that has a new display proxy. */
export interface Substitute {
  images: ScaledImages;
  /** What differs from the original, for the result of a task. */
  note: string;
}

interface Made {
  proxy: ProxyImage;
  /** At least as large as the preview. */
  image: RgbaImage;
  note: string;
}

/** Stores the proxy of what `make` returns and derives the scaled images. Files that `make` can't read give null. */
async function substitute(
  context: Context,
  asset: DisplayableAsset,
  { file, memoryBytes }: { file: DisplayFile; memoryBytes: number },
  make: () => Promise<Made | null>,
): Promise<Substitute | null> {
  return await withDecoder(Math.max(memoryBytes, RENDITION_MEMORY_BYTES), async () => {
    let made: Made | null;
    try {
      made = await make();
    } catch (error) {
      // An AppError is an R2 failure; decoders throw other errors for files that they can't read.
      if (error instanceof AppError) throw error;
      return null;
    }
    if (made === null) return null;
    await keepProxy(context, asset, made.proxy);
    // The proxy is stored: the preview's encoder may take its memory.
    made.proxy.pieces.length = 0;
    return { images: await deriveScaledImages(made.image, null, VARIANT_EDGES_PX, file), note: made.note };
  });
}

async function pngProxy(image: RgbaImage): Promise<ProxyImage> {
  return { pieces: await encodePng(image), contentType: "image/png" };
}

/**
 * Replaces an animation by its first frame that isn't blank, without loss. Null if there is none among the frames that
 * may be looked at, or if they are too large.
 */
export async function substituteFrame(
  context: Context,
  asset: DisplayableAsset,
  file: DisplayFile,
): Promise<Substitute | null> {
  const { family } = file;
  if (family === null) return null;
  const source = originalSource(context.bucket, file.key, file.sizeBytes);
  return await substitute(context, asset, { file, memoryBytes: animationMemoryBytes(family) }, async () => {
    const frame = await visibleFrameImage(source, family);
    if (frame === null || frame.index === 0) return null;
    return { proxy: await pngProxy(frame.image), image: frame.image, note: visibleFrameNote(frame.index) };
  });
}

async function repairJpeg(context: Context, file: DisplayFile): Promise<Made | null> {
  const source = originalSource(context.bucket, file.key, file.sizeBytes);
  const { jpeg, scaled } = await decodeToJpeg(context, (limits, openSink) => jpegToJpeg(source, limits, openSink));
  if (scaled === null || jpeg.damage === null) return null;
  return { proxy: { pieces: jpeg.pieces, contentType: "image/jpeg" }, image: scaled, note: jpeg.damage };
}

async function repairPng({ bucket }: Context, file: DisplayFile): Promise<Made | null> {
  const decoded = await damagedPngImage(originalSource(bucket, file.key, file.sizeBytes), file);
  if (decoded.kind === "unsupported" || decoded.damage === null) return null;
  return { proxy: await pngProxy(decoded.image), image: decoded.image, note: decoded.damage };
}

/** The frames of an animation that are whole, or a GIF's only one as far as it goes. */
async function repairAnimation({ bucket }: Context, file: DisplayFile): Promise<Made | null> {
  const { family } = file;
  if (family === null) return null;
  const source = originalSource(bucket, file.key, file.sizeBytes);
  const frame = (await visibleFrameImage(source, family)) ?? (await firstFrameImage(source, family));
  if (frame === null) return null;
  const note = "the file is damaged: parts may be missing";
  return { proxy: await pngProxy(frame.image), image: frame.image, note };
}

const repairs: Partial<Record<MediaFamily, typeof repairJpeg>> = {
  jpeg: repairJpeg,
  png: repairPng,
  gif: repairAnimation,
  webp: repairAnimation,
};

/**
 * Replaces a file that the renderer can't read by what there is of it. Null if the Worker reads a JPEG or PNG as a whole,
 * or if nothing is left, and on the Workers Free plan.
 */
export async function substituteDamaged(
  context: Context,
  asset: DisplayableAsset,
  file: DisplayFile,
): Promise<Substitute | null> {
  const repair = file.family === null ? undefined : repairs[file.family];
  if (repair === undefined || file.isProxy || asset.mediaType === "video" || context.config.workersPlan === "free")
    return null;
  const memoryBytes = file.family === "webp" ? animationMemoryBytes("webp") : MAX_DECODER_BYTES + MAX_SCALED_ROWS_BYTES;
  return await substitute(context, asset, { file, memoryBytes }, () => repair(context, file));
}

/** Largest image for the check whether a file is whole: a JPEG is decoded to one pixel a block. */
const CHECK_EDGE_PX = 64;

/** Whether the Worker's decoder reads the whole of a JPEG or PNG; true for others, and on the Workers Free plan. */
export async function isWhole({ bucket, config }: Context, file: DisplayFile): Promise<boolean> {
  const { family, key, sizeBytes } = file;
  if ((family !== "jpeg" && family !== "png") || config.workersPlan === "free") return true;
  const decode = () => decodeScaled(originalSource(bucket, key, sizeBytes), family, CHECK_EDGE_PX);
  return (await withDecoder(RENDITION_MEMORY_BYTES, decode)).kind === "image";
}
