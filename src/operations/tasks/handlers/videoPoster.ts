import type { ByteSource } from "../../../media/inspect/bytes/byteSource.ts";
import { SNIFF_BYTES } from "../../../media/inspect/sniff.ts";
import { MAX_RENDER_INPUT_BYTES } from "../../../media/transcode/preview/needsDisplayProxy.ts";
import { findCoverArt } from "../../../media/inspect/video/mp4/coverArt.ts";
import { encodePreviewJpeg } from "../../../media/transcode/display/previewJpeg.ts";
import { findPosterFrame, MAX_POSTER_DECODER_BYTES } from "../../../media/transcode/video/posterFrame.ts";
import { originalKey } from "../../../objects/keys.ts";
import { openOriginal, originalSource } from "../../../objects/uploads/originals.ts";
import { extractFrame, MAX_VIDEO_BYTES } from "../../../providers/renderers/videoFrame.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { posterTypeOf, replacePoster } from "../../delivery/posters.ts";
import { withDecoder } from "../../delivery/scaled/decoderTurn.ts";
import { VARIANT_EDGES_PX } from "../../delivery/variants.ts";
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

type ExtractedFrame = (PosterImage & { kind: "frame" }) | { kind: "unreadable"; reason: string };

/** Takes a frame from Media Transformations. Returns null if it isn't configured. */
async function transformVideo(context: Context, asset: Asset): Promise<ExtractedFrame | null> {
  if (context.media === undefined) return null;
  if (asset.fileSizeBytes > MAX_VIDEO_BYTES)
    return { kind: "unreadable", reason: "exceeds the 100 MB input limit of Media Transformations" };
  const original = await openOriginal(context.bucket, originalKey(asset.id, asset.currentVersionId));
  if (original === null) return { kind: "unreadable", reason: "the original is missing from the bucket" };
  const extracted = await extractFrame(context.media, original.body);
  if (extracted.kind === "unreadable") return extracted;
  return { kind: "frame", bytes: extracted.bytes, mimeType: "image/jpeg", description: "extracted a video frame" };
}

/** Decodes a key frame in this isolate. */
async function decodeVideo({ config }: Context, source: ByteSource): Promise<ExtractedFrame> {
  if (config.workersPlan === "free")
    return { kind: "unreadable", reason: "decoding a video frame needs the CPU time of the Workers Paid plan" };
  return await withDecoder(MAX_POSTER_DECODER_BYTES, async () => {
    const frame = await findPosterFrame(source, VARIANT_EDGES_PX.preview);
    if (frame.kind === "unsupported") return { kind: "unreadable", reason: frame.reason };
    return {
      kind: "frame",
      bytes: encodePreviewJpeg(frame.image),
      mimeType: "image/jpeg",
      description: frame.description,
    };
  });
}

/** Media Transformations come first: they cost no CPU of the isolate. */
async function extractPoster(context: Context, asset: Asset, source: ByteSource): Promise<TaskOutcome> {
  const transformed = await transformVideo(context, asset);
  const frame = transformed?.kind === "frame" ? transformed : await decodeVideo(context, source);
  if (frame.kind === "frame") {
    await replacePoster(context, asset, frame);
    return { kind: "done", result: frame.description };
  }
  const reasons = transformed?.kind === "unreadable" ? `${transformed.reason}; ${frame.reason}` : frame.reason;
  return { kind: transformed === null ? "skipped" : "failed", reason: `${reasons}; ${UPLOAD_POSTER_HINT}` };
}

/**
 * Sets a video's poster: the cover art in the file, the file itself if it is an image, else a frame from Media
 * Transformations if configured, else a key frame that this isolate decodes.
 */
export async function runVideoPoster(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (asset.posterVersionId !== null) return { kind: "done", result: "the video already has a poster" };
  const source = originalSource(context.bucket, originalKey(asset.id, asset.currentVersionId), asset.fileSizeBytes);
  const image = (await readCoverArt(source)) ?? (await readImage(source));
  if (image === null) return await extractPoster(context, asset, source);
  await replacePoster(context, asset, image);
  return { kind: "done", result: image.description };
}
