/** The images that the tasks of an asset analyse: made and stored once, also for several tasks of one message. */
import { AppError } from "../../../kernel/errors.ts";
import { warn } from "../../../kernel/log.ts";
import {
  analysisOfPreview,
  deriveScaledImages,
  type ScaledImages,
} from "../../../media/transcode/display/scaledImages.ts";
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import type { Size } from "../../../media/transcode/resize/scaledSize.ts";
import { decodeRendition } from "../../../media/transcode/webp/decodeWebp.ts";
import { readRendition, storeRendition } from "../../../objects/delivery/renditions.ts";
import { imagesBindingRenderer } from "../../../providers/renderers/imagesBinding.ts";
import { recordDerivedFile } from "../../../records/delivery/derivedFiles.ts";
import type { Context } from "../../context.ts";
import { findDisplayFile, NO_POSTER, type DisplayableAsset } from "../displaySource.ts";
import { recordRefusal } from "../renderFailures.ts";
import { VARIANT_EDGES_PX } from "../variants.ts";
import { RENDITION_MEMORY_BYTES, withDecoder } from "./decoderTurn.ts";
import {
  isTiny,
  makeScaledImages,
  renderFile,
  storeScaledRenditions,
  type NoImages,
  type RenditionWay,
  type RenderSource,
  type VersionAddress,
} from "./scaledRenditions.ts";

interface AvailableImages {
  kind: "images";
  /** WebP, at most 1440 pixels a side. Null on the Workers Free plan, where requests render it. */
  preview: Uint8Array | null;
  /** At most 512 pixels a side; 360 on the Workers Free plan. */
  analysis: RgbaImage;
  way: RenditionWay;
  /** What differs from the original; null for nothing, and for stored renditions. */
  note: string | null;
}

export type DisplayImages = AvailableImages | { kind: "none"; reason: string };

/** An asset with its size in pixels, and the size of the files that were made from it. */
export interface AnalysedAsset extends DisplayableAsset, Size {
  derivedBytes: number;
}

/** Per context, so that the tasks of one message share the images. */
const imagesByContext = new WeakMap<Context, Map<string, Promise<DisplayImages>>>();

function cacheOf(context: Context): Map<string, Promise<DisplayImages>> {
  const cached = imagesByContext.get(context) ?? new Map<string, Promise<DisplayImages>>();
  imagesByContext.set(context, cached);
  return cached;
}

/** The version that an asset shows; null for a video without a poster. */
function shownVersion(asset: DisplayableAsset): VersionAddress | null {
  const versionId = asset.mediaType === "video" ? asset.posterVersionId : asset.currentVersionId;
  return versionId === null ? null : { assetId: asset.id, versionId };
}

function cacheKey({ assetId, versionId }: VersionAddress): string {
  return `${assetId} ${versionId}`;
}

/** Jobs have no origin from which Cloudflare's edge could fetch a source, so they use the binding in every mode. */
function bindingRenderer({ images }: Context, edgePx: number): RenderSource {
  const url = () => Promise.reject(new Error("the Images binding needs no URL"));
  return async ({ body }) => await imagesBindingRenderer(images)({ body, url }, { edgePx, format: "webp" });
}

function available({ preview, analysis }: ScaledImages, way: RenditionWay, note: string | null): AvailableImages {
  return { kind: "images", preview, analysis, way, note };
}

/**
 * Reads the image that an earlier run or a request stored. Counted bytes are the sign that there may be one. What the
 * Worker decodes itself is made again, so that a repeated task has the same result without the loss of compression.
 */
async function readStored(
  { bucket, config }: Context,
  asset: AnalysedAsset,
  version: VersionAddress,
): Promise<AvailableImages | null> {
  const isFree = config.workersPlan === "free";
  const isDecodedAgain = config.renderer === "worker" || isTiny(asset);
  if (asset.derivedBytes === 0 || (isDecodedAgain && !isFree)) return null;
  const bytes = await readRendition(bucket, { ...version, variant: isFree ? "thumbnail" : "preview" });
  if (bytes === null) return null;
  const image = await withDecoder(RENDITION_MEMORY_BYTES, () => decodeRendition(bytes));
  const way = "unchangedRenditions";
  const note = null;
  if (isFree) return { kind: "images", preview: null, analysis: image, way, note };
  return { kind: "images", preview: bytes, analysis: analysisOfPreview(image, VARIANT_EDGES_PX, asset), way, note };
}

/** The 10 ms of CPU of the Workers Free plan suffice to decode a thumbnail. */
async function createThumbnail(
  context: Context,
  asset: DisplayableAsset,
  version: VersionAddress,
): Promise<AvailableImages | NoImages> {
  const file = await findDisplayFile(context, asset);
  if (file.kind === "none") return file;
  const rendered = await renderFile(context, file, bindingRenderer(context, VARIANT_EDGES_PX.thumbnail));
  if (rendered.kind !== "rendered") return rendered;
  const { bytes, contentType } = rendered;
  await recordDerivedFile(context.db.primary(), { ...version, name: "thumbnail", sizeBytes: bytes.byteLength });
  await storeRendition(context.bucket, { ...version, variant: "thumbnail" }, bytes, contentType);
  return { kind: "images", preview: null, analysis: await decodeRendition(bytes), way: "cloudflareImages", note: null };
}

async function createImages(
  context: Context,
  asset: DisplayableAsset,
  version: VersionAddress,
): Promise<AvailableImages | NoImages> {
  if (context.config.workersPlan === "free") return await createThumbnail(context, asset, version);
  const made = await makeScaledImages(context, asset, bindingRenderer(context, VARIANT_EDGES_PX.preview));
  if (made.kind !== "images") return made;
  await storeScaledRenditions(context, version, made.images);
  return available(made.images, made.way, made.note);
}

async function findOrCreate(context: Context, asset: AnalysedAsset, version: VersionAddress): Promise<DisplayImages> {
  const result = (await readStored(context, asset, version)) ?? (await createImages(context, asset, version));
  // Spares requests for the image another rendering.
  if (result.kind === "unreadable") await recordRefusal(context, { ...version, group: "scaled" }, result.reason);
  return result.kind === "images" ? result : { kind: "none", reason: result.reason };
}

/**
 * Returns the images of the version that an asset shows. The first call makes its renditions, unless they exist, and
 * stores them. A temporary failure is thrown to all tasks of the message, which are tried again together.
 */
export async function displayImages(context: Context, asset: AnalysedAsset): Promise<DisplayImages> {
  const version = shownVersion(asset);
  if (version === null) return { kind: "none", reason: NO_POSTER };
  const cached = cacheOf(context);
  const key = cacheKey(version);
  const images = cached.get(key) ?? findOrCreate(context, asset, version);
  cached.set(key, images);
  return await images;
}

/**
 * Makes and stores the renditions of a photo that a decoder has just decoded, for the other tasks of the message. Without
 * them `displayImages` makes them from the display proxy. The caller has the decoder's turn.
 */
export async function keepDecodedImage(
  context: Context,
  asset: DisplayableAsset & Size,
  image: RgbaImage,
): Promise<void> {
  const version = { assetId: asset.id, versionId: asset.currentVersionId };
  try {
    const images = await deriveScaledImages(image, null, VARIANT_EDGES_PX, asset);
    await storeScaledRenditions(context, version, images);
    cacheOf(context).set(cacheKey(version), Promise.resolve(available(images, "worker", null)));
  } catch (error) {
    // An AppError is an R2 failure; the encoder throws others.
    if (error instanceof AppError) throw error;
    warn("encoding the renditions of a decoded image failed", { asset_id: asset.id, error: String(error) });
  }
}
