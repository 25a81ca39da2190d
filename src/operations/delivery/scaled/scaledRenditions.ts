/** Makes the scaled renditions of a version from one rendering, and stores them together. */
import { AppError } from "../../../kernel/errors.ts";
import { isBlank } from "../../../media/transcode/animation/canvas.ts";
import { deriveScaledImages, type ScaledImages } from "../../../media/transcode/display/scaledImages.ts";
import type { Size } from "../../../media/transcode/resize/scaledSize.ts";
import { JPEG_DAMAGED } from "../../../media/transcode/scaled/jpeg/jpegDecoding.ts";
import { decodeScaled } from "../../../media/transcode/scaled/decodeScaled.ts";
import { MAX_SCALED_WEBP_BYTES } from "../../../media/transcode/scaled/decodeScaledWebp.ts";
import { decodeRendition } from "../../../media/transcode/webp/decodeWebp.ts";
import { storeRendition } from "../../../objects/delivery/renditions.ts";
import { originalSource } from "../../../objects/uploads/originals.ts";
import type { RenderResult } from "../../../providers/renderers/renderer.ts";
import { recordDerivedFiles, SCALED_NAMES, type DerivedFile } from "../../../records/delivery/derivedFiles.ts";
import type { Context } from "../../context.ts";
import {
  findFirstFrame,
  openDisplayFile,
  type DisplayableAsset,
  type DisplayFile,
  type DisplaySource,
} from "../displaySource.ts";
import { FIRST_RENDER_PAUSE_MS, renderingUnavailable } from "../renderFailures.ts";
import { VARIANT_EDGES_PX } from "../variants.ts";
import { RENDITION_MEMORY_BYTES, withDecoder } from "./decoderTurn.ts";
import { withRenderInput } from "./renderTurn.ts";
import { isWhole, substituteDamaged, substituteFrame } from "./substitutes.ts";

/** The version, or the poster of a video, that renditions belong to. */
export interface VersionAddress {
  assetId: string;
  versionId: string;
}

export type OpenSource = Extract<DisplaySource, { kind: "stream" }>;

/** Renders an open source as WebP. Throws on transient failures. */
export type RenderSource = (source: OpenSource) => Promise<RenderResult>;

/** The way to the renditions, of `PICTURE_WAYS`. */
export type RenditionWay = "worker" | "cloudflareImages" | "unchangedRenditions";

export type NoImages = Extract<DisplaySource, { kind: "none" }> | Extract<RenderResult, { kind: "unreadable" }>;

const WEBP = "image/webp";

/** Opens and renders a display file, in its turn. A refusal counts only if the file was read to its end. */
export async function renderFile(
  context: Context,
  file: DisplayFile,
  render: RenderSource,
): Promise<RenderResult | NoImages> {
  return await withRenderInput(file.sizeBytes, () => openAndRender(context, file, render));
}

async function openAndRender(
  context: Context,
  file: DisplayFile,
  render: RenderSource,
): Promise<RenderResult | NoImages> {
  const source = await openDisplayFile(context, file);
  if (source.kind === "none") return source;
  const rendered = await render(source);
  if (rendered.kind === "unreadable" && source.isBroken()) throw renderingUnavailable(FIRST_RENDER_PAUSE_MS);
  return rendered;
}

/** Derives the other images of a file from its encoded preview. */
async function derivePreview(preview: Uint8Array, file: DisplayFile): Promise<ScaledImages> {
  return await withDecoder(RENDITION_MEMORY_BYTES, async () => {
    const image = await decodeRendition(preview);
    return await deriveScaledImages(image, preview, VARIANT_EDGES_PX, file);
  });
}

/** Whether an image is no larger than a thumbnail. */
export function isTiny({ width, height }: Size): boolean {
  const longestEdgePx = Math.max(width, height);
  return longestEdgePx > 0 && longestEdgePx <= VARIANT_EDGES_PX.thumbnail;
}

/**
 * Whether the Worker decodes a file instead of Cloudflare Images: originals if `RENDERER` says so, display proxies, whose
 * CPU costs less than a call, and images of the size of a thumbnail, which keep a better quality so.
 */
function isDecodedInWorker({ config }: Context, file: DisplayFile): boolean {
  return config.renderer === "worker" || file.isProxy || isTiny(file);
}

/** Decodes a file in the Worker. What it can't decode is left to Cloudflare Images, except for a damaged JPEG. */
async function decodeInWorker(
  { bucket }: Context,
  file: DisplayFile,
): Promise<{ kind: "images"; images: ScaledImages } | { kind: "damaged" | "unsupported" }> {
  const { family } = file;
  if (family === null) return { kind: "unsupported" };
  const memoryBytes = family === "webp" ? MAX_SCALED_WEBP_BYTES : RENDITION_MEMORY_BYTES;
  return await withDecoder(memoryBytes, async () => {
    const source = originalSource(bucket, file.key, file.sizeBytes);
    const decoded = await decodeScaled(source, family, VARIANT_EDGES_PX.preview);
    if (decoded.kind === "unsupported") return { kind: decoded.reason === JPEG_DAMAGED ? "damaged" : "unsupported" };
    return { kind: "images", images: await deriveScaledImages(decoded.image, null, VARIANT_EDGES_PX, file) };
  });
}

export interface MadeImages {
  kind: "images";
  images: ScaledImages;
  way: RenditionWay;
  /** What differs from the original, for the result of a task; null for what the renderer shows. */
  note: string | null;
}

/** Makes the scaled images of a file from the preview that `render` returns. */
async function renderImages(context: Context, file: DisplayFile, render: RenderSource): Promise<MadeImages | NoImages> {
  const rendered = await renderFile(context, file, render);
  if (rendered.kind !== "rendered") return rendered;
  if (rendered.contentType !== WEBP) throw new Error(`the renderer returned ${rendered.contentType} instead of WebP`);
  const images = await derivePreview(rendered.bytes, file);
  return { kind: "images", images, way: "cloudflareImages", note: null };
}

/** Makes the scaled images of a file: decoded in the Worker or rendered. A damaged photo is shown as far as it goes. */
async function imagesOfFile(
  context: Context,
  asset: DisplayableAsset,
  file: DisplayFile,
  render: RenderSource,
): Promise<MadeImages | NoImages> {
  const repair = async (): Promise<MadeImages | null> => {
    const repaired = await substituteDamaged(context, asset, file);
    return repaired === null ? null : { kind: "images", ...repaired, way: "worker" };
  };
  const decoded = isDecodedInWorker(context, file) ? await decodeInWorker(context, file) : null;
  if (decoded?.kind === "images") return { ...decoded, way: "worker", note: null };
  const repaired = decoded?.kind === "damaged" ? await repair() : null;
  if (repaired !== null) return repaired;
  try {
    const made = await renderImages(context, file, render);
    return made.kind === "unreadable" ? ((await repair()) ?? made) : made;
  } catch (error) {
    // Cloudflare Images may report damage as an internal error, which would be tried again and again.
    const made = error instanceof AppError || (await isWhole(context, file)) ? null : await repair();
    if (made === null) throw error;
    return made;
  }
}

/**
 * Makes the scaled images of an asset, with one billed rendering at most. Those of an animation show the first frame that
 * isn't blank. Throws on transient failures.
 */
export async function makeScaledImages(
  context: Context,
  asset: DisplayableAsset,
  render: RenderSource,
): Promise<MadeImages | NoImages> {
  const file = await findFirstFrame(context, asset);
  if (file.kind === "none") return file;
  const made = await imagesOfFile(context, asset, file, render);
  const isAnimation = file.isAnimated && asset.mediaType === "image" && context.config.workersPlan === "paid";
  if (made.kind !== "images" || !isAnimation || !isBlank(made.images.analysis)) return made;
  const frame = await substituteFrame(context, asset, file);
  return frame === null ? made : { kind: "images", ...frame, way: "worker" };
}

function derivedFileOf({ assetId, versionId }: VersionAddress, images: ScaledImages): DerivedFile {
  const sizeBytes = SCALED_NAMES.reduce((sum, name) => sum + images[name].byteLength, 0);
  return { assetId, versionId, name: "scaled", sizeBytes };
}

/**
 * Stores the scaled renditions after one row counted them, together with `others`, whose objects the caller stores next.
 * The preview comes last: a version that has it has all three.
 */
export async function storeScaledRenditions(
  { bucket, db }: Context,
  version: VersionAddress,
  images: ScaledImages,
  others: DerivedFile[] = [],
): Promise<void> {
  await recordDerivedFiles(db.primary(), [derivedFileOf(version, images), ...others]);
  const store = async (variant: (typeof SCALED_NAMES)[number]) =>
    await storeRendition(bucket, { ...version, variant }, images[variant], WEBP);
  await Promise.all([store("thumbnail"), store("small")]);
  await store("preview");
}
