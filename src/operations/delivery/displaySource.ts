import type { ByteSource } from "../../media/inspect/bytes/byteSource.ts";
import { applyPatches } from "../../media/transcode/display/bytePatches.ts";
import { type DisplayImage, readDisplayImage } from "../../media/transcode/display/displayImage.ts";
import { MAX_RENDER_INPUT_BYTES, needsDisplayProxy } from "../../media/transcode/preview/needsDisplayProxy.ts";
import { originalKey, proxyKey, posterKey } from "../../objects/keys.ts";
import { fromStorage } from "../../objects/storageErrors.ts";
import { openOriginal } from "../../objects/uploads/originals.ts";
import { parseOriginal } from "../assets/originalReader.ts";
import type { Context } from "../context.ts";

/** The fields of an asset that select its display source. */
export interface DisplayableAsset {
  id: string;
  currentVersionId: string;
  posterVersionId: string | null;
  mediaType: "image" | "video";
}

export type DisplaySource =
  | {
      kind: "stream";
      body: ReadableStream<Uint8Array>;
      contentType: string;
      /** Width as displayed; 0 if unknown. */
      width: number;
      height: number;
      /** True if R2 failed while the body was read: a renderer reports that as a damaged image. */
      isBroken: () => boolean;
    }
  | {
      kind: "none";
      reason: string;
      /** A task may still create the display proxy. */
      awaitsProxy: boolean;
    };

/** The stored file that an asset's renditions are made from. */
export interface DisplayFile extends DisplayImage {
  kind: "file";
  key: string;
  contentType: string;
  sizeBytes: number;
  /** A display proxy, which the Worker made. */
  isProxy: boolean;
}

export const NO_POSTER = "the video has no poster; its task video_thumbnail_extract gives the reason";
const NO_PROXY =
  "the format requires a display proxy, and none exists; the task display_proxy_generation gives the reason";

type NoSource = Extract<DisplaySource, { kind: "none" }>;

function none(reason: string, awaitsProxy = false): NoSource {
  return { kind: "none", reason, awaitsProxy };
}

/** The first bytes of a file contain the metadata of nearly all photos, so one R2 read returns them and the size. */
const HEAD_BYTES = 128 * 1024;

function withHead(source: ByteSource, head: Uint8Array): ByteSource {
  const isWithinHead = (end: number) => end <= head.length || head.length === source.sizeBytes;
  return {
    sizeBytes: source.sizeBytes,
    read: async (offset, length) =>
      isWithinHead(offset + length) ? head.subarray(offset, offset + length) : await source.read(offset, length),
  };
}

/** Inspects an image; null if the object is missing. Skips the content of files that are too large for the renderer. */
async function inspect({ bucket }: Context, key: string): Promise<DisplayFile | null> {
  const object = await openOriginal(bucket, key, { offset: 0, length: HEAD_BYTES });
  if (object === null) return null;
  const { size: sizeBytes, httpMetadata } = object;
  const file = { kind: "file", key, sizeBytes, contentType: httpMetadata?.contentType ?? "", isProxy: false } as const;
  if (sizeBytes > MAX_RENDER_INPUT_BYTES) {
    await object.body.cancel();
    return { ...file, family: null, width: 0, height: 0, isAnimated: false, patches: [] };
  }
  const head = await fromStorage(() => object.bytes());
  const image = await parseOriginal(bucket, file, (source) => readDisplayImage(withHead(source, head)));
  return { ...image, ...file };
}

/** Streams a file so that the renderer displays it as its metadata says. */
export async function openDisplayFile({ bucket }: Context, file: DisplayFile): Promise<DisplaySource> {
  const object = await openOriginal(bucket, file.key);
  if (object === null) return none("the image was deleted");
  const { contentType, width, height } = file;
  let broken = false;
  const body = applyPatches(object.body, file.patches, () => void (broken = true));
  return { kind: "stream", body, contentType, width, height, isBroken: () => broken };
}

/** Finds the display proxy of a photo's current version. */
export async function findProxyFile(
  context: Context,
  { id, currentVersionId }: DisplayableAsset,
): Promise<DisplayFile | null> {
  const proxy = await inspect(context, proxyKey(id, currentVersionId));
  return proxy === null ? null : { ...proxy, isProxy: true };
}

/**
 * Finds the file that an asset's renditions are made from: the original if the renderer can read it, else its display
 * proxy, or the poster of a video. Reads only R2; the bytes decide the format and the orientation. An animation whose
 * first frame is blank has a display proxy too.
 */
export async function findDisplayFile(context: Context, asset: DisplayableAsset): Promise<DisplayFile | NoSource> {
  const file = await findFirstFrame(context, asset);
  const isAnimatedPhoto = file.kind === "file" && file.isAnimated && !file.isProxy && asset.mediaType === "image";
  return (isAnimatedPhoto ? await findProxyFile(context, asset) : null) ?? file;
}

/** Finds the file like `findDisplayFile`, without the proxy of another frame. */
export async function findFirstFrame(context: Context, asset: DisplayableAsset): Promise<DisplayFile | NoSource> {
  const { id, currentVersionId: versionId, posterVersionId } = asset;
  if (asset.mediaType === "video") {
    const poster = posterVersionId === null ? null : await inspect(context, posterKey(id, posterVersionId));
    return poster ?? none(NO_POSTER);
  }
  const original = await inspect(context, originalKey(id, versionId));
  if (original === null) return none("the original is missing from the bucket");
  const { family, contentType, sizeBytes } = original;
  if (needsDisplayProxy({ family, mimeType: contentType, sizeBytes })) {
    const proxy = await findProxyFile(context, asset);
    return proxy ?? none(NO_PROXY, true);
  }
  return original;
}

/** Opens the bytes of the file of `findDisplayFile`. */
export async function openDisplaySource(context: Context, asset: DisplayableAsset): Promise<DisplaySource> {
  const file = await findDisplayFile(context, asset);
  return file.kind === "none" ? file : await openDisplayFile(context, file);
}
