/** The vectors of a search's text and image. */
import { ExpiringMap } from "../../kernel/expiringMap.ts";
import { invalid } from "../../kernel/errors.ts";
import { renderPreview } from "../../providers/describers/previewImage.ts";
import type { Embedder, Embedding } from "../../providers/embedders/embedder.ts";
import type { Context } from "../context.ts";

/** Later pages of a search embed the same text again. */
const KEPT_TEXT_MS = 10 * 60_000;
const MAX_KEPT_TEXTS = 200;
const keptTexts = new ExpiringMap<Float32Array>(MAX_KEPT_TEXTS);

function vectorOf(embedding: Embedding): Float32Array {
  if (embedding.kind === "refused") throw new Error(embedding.reason);
  return embedding.vector;
}

/** Embeds the text of a search. Throws if the embedder fails or refuses it. */
export async function embedQueryText(context: Context, embedder: Embedder, text: string): Promise<Float32Array> {
  const key = JSON.stringify([embedder.model, text]);
  const kept = keptTexts.get(key, context.nowMs);
  if (kept !== undefined) return kept;
  const vector = vectorOf(await embedder.embedText(text, "query"));
  keptTexts.set(key, vector, context.nowMs + KEPT_TEXT_MS);
  return vector;
}

/**
 * Embeds the image of a search, rendered as a preview like the images that it is compared with.
 *
 * @throws {AppError} `validation_error` for bytes that are no image. {Error} if the embedder fails.
 */
export async function embedQueryImage(context: Context, embedder: Embedder, bytes: Uint8Array): Promise<Float32Array> {
  const body = new Response(bytes).body;
  if (body === null) throw invalid(["body", "image"], "is empty");
  const preview = await renderPreview(context.images, body);
  if (preview.kind === "unreadable") throw invalid(["body", "image"], `is not a readable image: ${preview.reason}`);
  return vectorOf(await embedder.embedImage(preview.image));
}
