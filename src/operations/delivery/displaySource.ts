/** The bytes a picture is rendered from: the original where the renderer reads it, else its proxy, or a video's still. */
import { needsDisplayProxy } from "../../media/transcode/preview/needsDisplayProxy.ts";
import { originalKey, proxyKey, stillKey } from "../../objects/keys.ts";
import { openOriginal } from "../../objects/uploads/originals.ts";

export interface Shown {
  id: string;
  currentVersionId: string;
  stillVersionId: string | null;
  mediaType: "image" | "video";
}

export type DisplaySource =
  | { kind: "stream"; body: ReadableStream<Uint8Array>; variant: "original" | "proxy" | "still" }
  | { kind: "none"; reason: string };

function stream(body: ReadableStream<Uint8Array>, variant: "original" | "proxy" | "still"): DisplaySource {
  return { kind: "stream", body, variant };
}

/** Asks R2 alone: what the original is, its object says. */
export async function openDisplaySource(deps: { bucket: R2Bucket }, shown: Shown): Promise<DisplaySource> {
  const { id, currentVersionId: versionId, stillVersionId } = shown;
  if (shown.mediaType === "video") {
    const still = stillVersionId === null ? null : await openOriginal(deps.bucket, stillKey(id, stillVersionId));
    if (still === null) return { kind: "none", reason: "the video has no still" };
    return stream(still.body, "still");
  }
  const original = await openOriginal(deps.bucket, originalKey(id, versionId));
  if (original === null) return { kind: "none", reason: "the original is missing from the bucket" };
  if (!needsDisplayProxy(original.httpMetadata?.contentType ?? "", original.size)) {
    return stream(original.body, "original");
  }
  await original.body.cancel();
  const proxy = await openOriginal(deps.bucket, proxyKey(id, versionId));
  if (proxy === null) return { kind: "none", reason: "the format needs a display proxy, and there is none" };
  return stream(proxy.body, "proxy");
}
