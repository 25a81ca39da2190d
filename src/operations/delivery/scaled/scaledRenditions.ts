/** Makes the scaled renditions of a version from one rendering, and stores them together. */
import { deriveScaledImages, type ScaledImages } from "../../../media/transcode/display/scaledImages.ts";
import { decodeWebp } from "../../../media/transcode/webp/decodeWebp.ts";
import { storeRendition } from "../../../objects/delivery/renditions.ts";
import type { RenderResult } from "../../../providers/renderers/renderer.ts";
import { recordDerivedFiles, SCALED_NAMES, type DerivedFile } from "../../../records/delivery/derivedFiles.ts";
import type { Context } from "../../context.ts";
import {
  findDisplayFile,
  openDisplayFile,
  type DisplayableAsset,
  type DisplayFile,
  type DisplaySource,
} from "../displaySource.ts";
import { FIRST_RENDER_PAUSE_MS, renderingUnavailable } from "../renderFailures.ts";
import { VARIANT_EDGES_PX } from "../variants.ts";
import { withDecoder } from "./decoderTurn.ts";

/** The version, or the poster of a video, that renditions belong to. */
export interface VersionAddress {
  assetId: string;
  versionId: string;
}

export type OpenSource = Extract<DisplaySource, { kind: "stream" }>;

/** Renders an open source as WebP. Throws on transient failures. */
export type RenderSource = (source: OpenSource) => Promise<RenderResult>;

export type NoImages = Extract<DisplaySource, { kind: "none" }> | Extract<RenderResult, { kind: "unreadable" }>;

const WEBP = "image/webp";

/** Opens and renders a display file. A refusal counts only if the file was read to its end. */
export async function renderFile(
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

/** Derives the other images from an encoded preview. */
async function derivePreview(preview: Uint8Array): Promise<ScaledImages> {
  return await withDecoder(async () => {
    const image = await decodeWebp(preview);
    return await deriveScaledImages(image, preview, VARIANT_EDGES_PX);
  });
}

/**
 * Makes the scaled images of an asset from the preview that `render` returns: one billed rendering. Throws on transient
 * failures.
 */
export async function makeScaledImages(
  context: Context,
  asset: DisplayableAsset,
  render: RenderSource,
): Promise<{ kind: "images"; images: ScaledImages } | NoImages> {
  const file = await findDisplayFile(context, asset);
  if (file.kind === "none") return file;
  const rendered = await renderFile(context, file, render);
  if (rendered.kind !== "rendered") return rendered;
  if (rendered.contentType !== WEBP) throw new Error(`the renderer returned ${rendered.contentType} instead of WebP`);
  return { kind: "images", images: await derivePreview(rendered.bytes) };
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
