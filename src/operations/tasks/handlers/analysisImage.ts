import { decodePng, type RgbaImage } from "../../../media/transcode/png/decodePng.ts";
import { renderPng } from "../../../providers/renderers/imagesBinding.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { openDisplaySource } from "../../delivery/displaySource.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

export type AnalysisImage = { kind: "image"; image: RgbaImage } | { kind: "none"; reason: string };

/** Large enough to measure blur, small enough to decode in the isolate. */
const MAX_EDGE_PX = 512;

/** Cached per context, so that the tasks of one message read the original and render it once. */
const renderCache = new WeakMap<Context, Map<string, Promise<AnalysisImage>>>();

async function render(context: Context, asset: Asset): Promise<AnalysisImage> {
  const source = await openDisplaySource(context, asset);
  if (source.kind === "none") return source;
  const png = await renderPng(context.images, source.body, MAX_EDGE_PX);
  if (png.kind === "unreadable") return { kind: "none", reason: png.reason };
  try {
    return { kind: "image", image: await decodePng(png.bytes) };
  } catch {
    // Rendering again would return the same PNG.
    return { kind: "none", reason: "the rendered image is not an 8-bit PNG" };
  }
}

/**
 * Renders and decodes an upright image of at most 512 px per edge, shared by the thumbhash and the quality metrics.
 * Temporary failures are thrown and removed from the cache.
 */
export async function renderAnalysisImage(context: Context, asset: Asset): Promise<AnalysisImage> {
  const cached = renderCache.get(context) ?? new Map<string, Promise<AnalysisImage>>();
  renderCache.set(context, cached);
  const key = `${asset.id} ${asset.currentVersionId} ${asset.posterVersionId ?? ""}`;
  const image = cached.get(key) ?? render(context, asset);
  cached.set(key, image);
  try {
    return await image;
  } catch (error) {
    cached.delete(key);
    throw error;
  }
}

/** Outcome without a source image. A video without a poster is skipped, and setting a poster resets the task. */
export function noSourceImage(asset: Asset, reason: string): TaskOutcome {
  const awaitsPoster = asset.mediaType === "video" && asset.posterVersionId === null;
  return { kind: awaitsPoster ? "skipped" : "failed", reason };
}
