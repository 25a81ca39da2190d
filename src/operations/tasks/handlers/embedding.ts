import type { Embedder, Embedding } from "../../../providers/embedders/embedder.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { embeddedText, sourceOfText } from "../../search/embeddedText.ts";
import { blockIndex } from "../../search/vectors/blockIndex.ts";
import { spaceName, type AssetVector } from "../../search/vectors/vectorIndex.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";
import { previewJpeg } from "./description.ts";
import { noSourceImage } from "./noSourceImage.ts";

/** Whether the vector is what the embedder would make of the source again. */
function isCurrent(stored: AssetVector | null, embedder: Embedder, asset: Asset, source: string): boolean {
  if (stored?.source !== source || stored.libraryId !== asset.libraryId) return false;
  const { model, dimensions } = embedder;
  return stored.space === spaceName(model, dimensions ?? stored.vector.length);
}

async function store(context: Context, asset: Asset, source: string, embedding: Embedding): Promise<TaskOutcome> {
  const { embedder } = context;
  if (embedding.kind === "refused" || embedder === null) {
    return { kind: "failed", reason: embedding.kind === "refused" ? embedding.reason : "no embedder is configured" };
  }
  const { vector } = embedding;
  const space = spaceName(embedder.model, vector.length);
  await blockIndex(context).put({ libraryId: asset.libraryId, assetId: asset.id, space, source, vector });
  return { kind: "done", result: space };
}

async function embedPhoto(context: Context, embedder: Embedder, asset: Asset): Promise<TaskOutcome> {
  if (asset.mediaType === "video") return { kind: "skipped", reason: "videos are found by their text" };
  const source = asset.currentVersionId;
  if (isCurrent(await blockIndex(context).find(asset.id), embedder, asset, source)) {
    return { kind: "done", result: "unchanged" };
  }
  const preview = await previewJpeg(context, asset);
  if (preview.kind === "none") return noSourceImage(asset, preview.reason);
  if (preview.kind === "unreadable") return { kind: "failed", reason: preview.reason };
  return await store(context, asset, source, await embedder.embedImage(preview.image));
}

async function embedCaption(context: Context, embedder: Embedder, asset: Asset): Promise<TaskOutcome> {
  const text = embeddedText(asset);
  const index = blockIndex(context);
  if (text === null) {
    await index.remove([asset.id]);
    return { kind: "skipped", reason: "the asset has no caption or place" };
  }
  const source = sourceOfText(text);
  if (isCurrent(await index.find(asset.id), embedder, asset, source)) return { kind: "done", result: "unchanged" };
  return await store(context, asset, source, await embedder.embedText(text, "document"));
}

/** Stores the vector by which the search finds the asset: of its image, or of its caption and place. */
export async function runEmbedding(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { embedder } = context;
  if (embedder === null) return { kind: "skipped", reason: "no embedder is configured (EMBEDDER)" };
  return embedder.embedsImages
    ? await embedPhoto(context, embedder, asset)
    : await embedCaption(context, embedder, asset);
}
