/** A poster from the film itself: its cover art, the file if it is an image, or a frame. */
import type { ByteSource } from "../../../../media/inspect/bytes/byteSource.ts";
import { SNIFF_BYTES } from "../../../../media/inspect/sniff.ts";
import { MAX_RENDER_INPUT_BYTES } from "../../../../media/transcode/preview/needsDisplayProxy.ts";
import { findCoverArt } from "../../../../media/inspect/video/coverArt.ts";
import { encodePreviewJpeg } from "../../../../media/transcode/display/previewJpeg.ts";
import { findPosterFrame, MAX_POSTER_DECODER_BYTES } from "../../../../media/transcode/video/posterFrame.ts";
import { originalKey } from "../../../../objects/keys.ts";
import { openOriginal, originalSource } from "../../../../objects/uploads/originals.ts";
import { extractFrame, MAX_VIDEO_BYTES } from "../../../../providers/renderers/videoFrame.ts";
import type { Asset } from "../../../../records/assets/assets.ts";
import { posterTypeOf } from "../../../delivery/posters/posters.ts";
import { withDecoder } from "../../../delivery/scaled/decoderTurn.ts";
import { VARIANT_EDGES_PX } from "../../../delivery/variants.ts";
import type { Context } from "../../../context.ts";
import { PICTURE_WAYS } from "../../pictureWays.ts";

interface FilmPoster {
  kind: "poster";
  bytes: Uint8Array;
  mimeType: string;
  description: string;
}

interface NoFrame {
  kind: "unreadable";
  reason: string;
}

export interface NoPoster extends NoFrame {
  /** Media Transformations are bound and refused the film, which is a failure. */
  isFailure: boolean;
}

async function readCoverArt(source: ByteSource): Promise<FilmPoster | null> {
  const cover = await findCoverArt(source);
  if (cover === null) return null;
  const { offset, sizeBytes, mimeType } = cover;
  const bytes = await source.read(offset, sizeBytes);
  return { kind: "poster", bytes, mimeType, description: PICTURE_WAYS.coverArt };
}

/** An image whose name says video is its own poster, if the renderer reads its format. */
async function readImage(source: ByteSource): Promise<FilmPoster | null> {
  const mimeType = posterTypeOf(await source.read(0, SNIFF_BYTES));
  if (mimeType === null || source.sizeBytes > MAX_RENDER_INPUT_BYTES) return null;
  const bytes = await source.read(0, source.sizeBytes);
  return { kind: "poster", bytes, mimeType, description: PICTURE_WAYS.image };
}

/** Takes a frame from Media Transformations. Returns null if it isn't configured. */
async function transformVideo(context: Context, asset: Asset): Promise<FilmPoster | NoFrame | null> {
  if (context.media === undefined) return null;
  if (asset.fileSizeBytes > MAX_VIDEO_BYTES)
    return { kind: "unreadable", reason: "exceeds the 100 MB input limit of Media Transformations" };
  const original = await openOriginal(context.bucket, originalKey(asset.id, asset.currentVersionId));
  if (original === null) return { kind: "unreadable", reason: "the original is missing from the bucket" };
  const extracted = await extractFrame(context.media, original.body);
  if (extracted.kind === "unreadable") return extracted;
  return {
    kind: "poster",
    bytes: extracted.bytes,
    mimeType: "image/jpeg",
    description: PICTURE_WAYS.mediaTransformations,
  };
}

/** Decodes a key frame in this isolate. */
async function decodeVideo({ config }: Context, source: ByteSource): Promise<FilmPoster | NoFrame> {
  if (config.workersPlan === "free")
    return { kind: "unreadable", reason: "decoding a video frame needs the CPU time of the Workers Paid plan" };
  return await withDecoder(MAX_POSTER_DECODER_BYTES, async () => {
    const frame = await findPosterFrame(source, VARIANT_EDGES_PX.preview);
    if (frame.kind === "unsupported") return { kind: "unreadable", reason: frame.reason };
    return {
      kind: "poster",
      bytes: encodePreviewJpeg(frame.image),
      mimeType: "image/jpeg",
      description: frame.description,
    };
  });
}

/** Media Transformations come before the own decoder: they cost no CPU of the isolate. */
export async function makeFilmPoster(context: Context, asset: Asset): Promise<FilmPoster | NoPoster> {
  const source = originalSource(context.bucket, originalKey(asset.id, asset.currentVersionId), asset.fileSizeBytes);
  const image = (await readCoverArt(source)) ?? (await readImage(source));
  if (image !== null) return image;
  const transformed = await transformVideo(context, asset);
  const frame = transformed?.kind === "poster" ? transformed : await decodeVideo(context, source);
  if (frame.kind === "poster") return frame;
  const reasons = transformed?.kind === "unreadable" ? [transformed.reason, frame.reason] : [frame.reason];
  return { kind: "unreadable", reason: reasons.join("; "), isFailure: transformed !== null };
}
