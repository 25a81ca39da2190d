import { PERCEPTUAL_HASH_BITS, perceptualHash } from "../../../media/transcode/perceptualHash.ts";
import type { Embedder, Embedding } from "../../../providers/embedders/embedder.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { embeddedText, sourceOfText } from "../../search/embeddedText.ts";
import { blockIndex } from "../../search/vectors/blockIndex.ts";
import { APPEARANCE_SPACE, spaceName, type AssetVector } from "../../search/vectors/vectorIndex.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";
import { previewJpeg } from "./description.ts";
import { noSourceImage } from "./noSourceImage.ts";

/** Whether the vector is what the embedder would make of the source again. */
function isCurrent(stored: AssetVector | undefined, embedder: Embedder, asset: Asset, source: string): boolean {
  if (stored?.source !== source || stored.libraryId !== asset.libraryId) return false;
  const { model, dimensions } = embedder;
  return stored.space === spaceName(model, dimensions ?? stored.vector.length);
}

async function storeContent(
  context: Context,
  asset: Asset,
  source: string,
  model: string,
  embedding: Embedding,
): Promise<TaskOutcome> {
  if (embedding.kind === "refused") return { kind: "failed", reason: embedding.reason };
  const { vector } = embedding;
  const { id: assetId, libraryId } = asset;
  const space = spaceName(model, vector.length);
  await blockIndex(context).put({ libraryId, assetId, kind: "content", space, source, vector });
  return { kind: "done", result: space };
}

async function embedPhoto(
  context: Context,
  embedder: Embedder,
  asset: Asset,
  stored: AssetVector | undefined,
): Promise<TaskOutcome> {
  const source = asset.currentVersionId;
  if (isCurrent(stored, embedder, asset, source)) return { kind: "done", result: "unchanged" };
  const preview = await previewJpeg(context, asset);
  if (preview.kind === "none") return noSourceImage(asset, preview.reason);
  if (preview.kind === "unreadable") return { kind: "failed", reason: preview.reason };
  return await storeContent(context, asset, source, embedder.model, await embedder.embedImage(preview.image));
}

async function embedCaption(
  context: Context,
  embedder: Embedder,
  asset: Asset,
  stored: AssetVector | undefined,
): Promise<TaskOutcome> {
  const text = embeddedText(asset);
  if (text === null) {
    if (stored !== undefined) await blockIndex(context).remove([asset.id], "content");
    return { kind: "skipped", reason: "the asset has no caption or place" };
  }
  const source = sourceOfText(text);
  if (isCurrent(stored, embedder, asset, source)) return { kind: "done", result: "unchanged" };
  return await storeContent(context, asset, source, embedder.model, await embedder.embedText(text, "document"));
}

/** Stores the perceptual hash of a photo, by which similar ones are found without an embedder. */
async function storeAppearance(context: Context, asset: Asset, stored: AssetVector | undefined): Promise<void> {
  const { id: assetId, libraryId, currentVersionId: source } = asset;
  if (asset.mediaType === "video" || (stored?.source === source && stored.libraryId === libraryId)) return;
  const images = await displayImages(context, asset);
  if (images.kind === "none") return;
  const vector = Float32Array.from(perceptualHash(images.analysis), (bit) => bit / Math.sqrt(PERCEPTUAL_HASH_BITS));
  await blockIndex(context).put({ libraryId, assetId, kind: "appearance", space: APPEARANCE_SPACE, source, vector });
}

/**
 * Stores the vectors by which the search finds the asset: the perceptual hash of a photo and, with an embedder, a vector
 * of its image, or of its caption and place.
 */
export async function runEmbedding(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { embedder } = context;
  const withoutEmbedder: TaskOutcome = { kind: "skipped", reason: "no embedder is configured (EMBEDDER)" };
  // A video has no vector, unless its text is embedded.
  if (asset.mediaType === "video" && embedder === null) return withoutEmbedder;
  if (asset.mediaType === "video" && embedder?.embedsImages === true) {
    return { kind: "skipped", reason: "videos are found by their text" };
  }
  const stored = await blockIndex(context).find(asset.id);
  await storeAppearance(context, asset, stored.appearance);
  if (embedder === null) return withoutEmbedder;
  return embedder.embedsImages
    ? await embedPhoto(context, embedder, asset, stored.content)
    : await embedCaption(context, embedder, asset, stored.content);
}
