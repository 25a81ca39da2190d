import type { ByteSource } from "../../../media/inspect/bytes/byteSource.ts";
import { SNIFF_BYTES } from "../../../media/inspect/sniff.ts";
import { MAX_RENDER_INPUT_BYTES } from "../../../media/transcode/preview/needsDisplayProxy.ts";
import { findCoverArt } from "../../../media/inspect/video/mp4/coverArt.ts";
import { originalKey } from "../../../objects/keys.ts";
import { openOriginal, originalSource } from "../../../objects/uploads/originals.ts";
import { extractFrame, MAX_VIDEO_BYTES } from "../../../providers/renderers/videoFrame.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { posterTypeOf, replacePoster } from "../../delivery/posters.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

const UPLOAD_POSTER_HINT = "upload a poster with PUT /api/assets/{asset_id}/still";

interface PosterImage {
  bytes: Uint8Array;
  mimeType: string;
  description: string;
}

async function readCoverArt(source: ByteSource): Promise<PosterImage | null> {
  const cover = await findCoverArt(source);
  if (cover === null) return null;
  const { offset, sizeBytes, mimeType } = cover;
  return { bytes: await source.read(offset, sizeBytes), mimeType, description: "extracted the cover art" };
}

/** An image whose name says video is its own poster, if the renderer reads its format. */
async function readImage(source: ByteSource): Promise<PosterImage | null> {
  const mimeType = posterTypeOf(await source.read(0, SNIFF_BYTES));
  if (mimeType === null || source.sizeBytes > MAX_RENDER_INPUT_BYTES) return null;
  return { bytes: await source.read(0, source.sizeBytes), mimeType, description: "the file is an image" };
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
  await replacePoster(context, asset, { bytes: extracted.bytes, mimeType: "image/jpeg" });
  return { kind: "done", result: "extracted a video frame" };
}

/**
 * Sets a video's poster: the cover art in the file, the file itself if it is an image, else a frame from Media
 * Transformations if configured.
 */
export async function runVideoPoster(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (asset.posterVersionId !== null) return { kind: "done", result: "the video already has a poster" };
  const source = originalSource(context.bucket, originalKey(asset.id, asset.currentVersionId), asset.fileSizeBytes);
  const image = (await readCoverArt(source)) ?? (await readImage(source));
  if (image === null) return await extractPoster(context, asset);
  await replacePoster(context, asset, image);
  return { kind: "done", result: image.description };
}
