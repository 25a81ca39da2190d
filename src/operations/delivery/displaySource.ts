import { needsDisplayProxy } from "../../media/transcode/preview/needsDisplayProxy.ts";
import { originalKey, proxyKey, posterKey } from "../../objects/keys.ts";
import { openOriginal } from "../../objects/uploads/originals.ts";
import type { Context } from "../context.ts";

/** The fields of an asset that select its display source. */
export interface DisplayableAsset {
  id: string;
  currentVersionId: string;
  posterVersionId: string | null;
  mediaType: "image" | "video";
}

export type DisplaySource =
  | { kind: "stream"; body: ReadableStream<Uint8Array>; variant: "original" | "proxy" | "poster" }
  | { kind: "none"; reason: string };

function stream(body: ReadableStream<Uint8Array>, variant: "original" | "proxy" | "poster"): DisplaySource {
  return { kind: "stream", body, variant };
}

/**
 * Opens the bytes that an asset's renditions are made from: the original, its display proxy if the renderer can't read
 * the original, or the poster of a video. Reads only R2; the format and size come from the original's object.
 */
export async function openDisplaySource(context: Context, asset: DisplayableAsset): Promise<DisplaySource> {
  const { id, currentVersionId: versionId, posterVersionId } = asset;
  if (asset.mediaType === "video") {
    const poster = posterVersionId === null ? null : await openOriginal(context.bucket, posterKey(id, posterVersionId));
    if (poster === null) return { kind: "none", reason: "the video has no poster" };
    return stream(poster.body, "poster");
  }
  const original = await openOriginal(context.bucket, originalKey(id, versionId));
  if (original === null) return { kind: "none", reason: "the original is missing from the bucket" };
  if (!needsDisplayProxy(original.httpMetadata?.contentType ?? "", original.size)) {
    return stream(original.body, "original");
  }
  await original.body.cancel();
  const proxy = await openOriginal(context.bucket, proxyKey(id, versionId));
  if (proxy === null) return { kind: "none", reason: "the format requires a display proxy, and none exists" };
  return stream(proxy.body, "proxy");
}
