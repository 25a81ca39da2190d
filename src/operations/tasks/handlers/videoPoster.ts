import { findCoverArt } from "../../../media/inspect/video/mp4/coverArt.ts";
import { originalKey } from "../../../objects/keys.ts";
import { openOriginal, originalSource } from "../../../objects/uploads/originals.ts";
import { extractFrame, MAX_VIDEO_BYTES } from "../../../providers/renderers/videoFrame.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { replacePoster } from "../../delivery/posters.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

const UPLOAD_POSTER_HINT = "upload a poster with PUT /api/assets/{asset_id}/still";

async function readCoverArt(context: Context, asset: Asset): Promise<{ bytes: Uint8Array; mimeType: string } | null> {
  const source = originalSource(context.bucket, originalKey(asset.id, asset.currentVersionId), asset.fileSizeBytes);
  const cover = await findCoverArt(source);
  return cover === null ? null : { bytes: await source.read(cover.offset, cover.sizeBytes), mimeType: cover.mimeType };
}

async function extractPoster(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (context.media === undefined) {
    return {
      kind: "skipped",
      reason: `the file has no cover art and Media Transformations is not configured; ${UPLOAD_POSTER_HINT}`,
    };
  }
  if (asset.fileSizeBytes > MAX_VIDEO_BYTES) {
    return { kind: "failed", reason: `exceeds the 100 MB input limit of Media Transformations; ${UPLOAD_POSTER_HINT}` };
  }
  const original = await openOriginal(context.bucket, originalKey(asset.id, asset.currentVersionId));
  if (original === null) return { kind: "failed", reason: "the original is missing from the bucket" };
  const extracted = await extractFrame(context.media, original.body);
  if (extracted.kind === "unreadable") return { kind: "failed", reason: `${extracted.reason}; ${UPLOAD_POSTER_HINT}` };
  await replacePoster(context, asset, extracted.bytes, "image/jpeg");
  return { kind: "done", result: "extracted a video frame" };
}

/** Sets a video's poster: the cover art in the file, else a frame from Media Transformations if configured. */
export async function runVideoPoster(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (asset.posterVersionId !== null) return { kind: "done", result: "the video already has a poster" };
  const coverArt = await readCoverArt(context, asset);
  if (coverArt === null) return await extractPoster(context, asset);
  await replacePoster(context, asset, coverArt.bytes, coverArt.mimeType);
  return { kind: "done", result: "extracted the cover art" };
}
