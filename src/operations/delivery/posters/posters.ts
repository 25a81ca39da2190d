import { AppError, invalid } from "../../../kernel/errors.ts";
import { sniff } from "../../../media/inspect/sniff.ts";
import { deletePoster, storePoster } from "../../../objects/delivery/posters.ts";
import { renderPng } from "../../../providers/renderers/imagesBinding.ts";
import type { RenderResult } from "../../../providers/renderers/renderer.ts";
import type { Asset, FacedAsset } from "../../../records/assets/assets.ts";
import { removePoster, setPoster } from "../../../records/delivery/posters.ts";
import { getAsset } from "../../assets/assets.ts";
import type { Principal } from "../../accounts/authentication.ts";
import { enqueue } from "../../tasks/taskQueue.ts";
import { findUploadTarget } from "../../uploads/targetLibrary.ts";
import { requestCachePurge } from "../cachePurges.ts";
import { FIRST_RENDER_PAUSE_MS, renderingUnavailable } from "../renderFailures.ts";
import type { Context } from "../../context.ts";

/** Accepted poster formats by detected file type. */
const posterTypes = new Map<string, string>([
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["webp", "image/webp"],
]);

/** Detects the MIME type of a poster from its first bytes; null for unsupported formats. */
export function posterTypeOf(head: Uint8Array): string | null {
  return posterTypes.get(sniff(head) ?? "") ?? null;
}

/** Origin of a poster that its own film contains, in contrast to `client` and to the version of a still photo. */
export const FILM_SOURCE = "film";
/** Origin of a frame that its task makes again, and shows until then. */
export const OUTDATED_SOURCE = "outdated";
const CLIENT_SOURCE = "client";

export interface PosterImage {
  bytes: Uint8Array;
  mimeType: string;
  /** `film`, `client`, or the version of the still photo that it shows. */
  source: string;
}

/** Whether a poster was sent by a client. One of unknown origin, of an earlier release, counts as such. */
export function isClientPoster({ posterVersionId, posterSource }: Asset): boolean {
  return posterVersionId !== null && (posterSource === CLIENT_SOURCE || posterSource === null);
}

/**
 * Stores a poster and deletes the previous one. Writes the object, then the row, then deletes the old object, so that
 * the row always points at an existing poster. Returns false when a concurrent call replaced the poster first, or with
 * `needsFreeStorage` when the storage is full.
 */
export async function replacePoster(
  context: Context,
  asset: Asset,
  { bytes, mimeType, source }: PosterImage,
  needsFreeStorage = false,
): Promise<boolean> {
  const versionId = await storePoster(context.bucket, asset.id, bytes, mimeType, context.nowMs);
  const poster = { versionId, source, sizeBytes: bytes.byteLength, needsFreeStorage };
  const isCurrent = await setPoster(context.db, asset, poster, context.nowMs);
  const superseded = isCurrent ? asset.posterVersionId : versionId;
  if (superseded !== null) await deletePoster(context.bucket, asset.id, superseded);
  return isCurrent;
}

/**
 * Removes a poster and its files. With `reopensPoster`, its task makes another one. Returns false, without any change,
 * after a concurrent change.
 */
export async function clearPoster(context: Context, asset: Asset, reopensPoster: boolean): Promise<boolean> {
  const isRemoved = await removePoster(context.db, asset, { reopensPoster }, context.nowMs);
  if (isRemoved && asset.posterVersionId !== null) {
    await deletePoster(context.bucket, asset.id, asset.posterVersionId);
  }
  return isRemoved;
}

/** Longest edge of the image that a new poster is decoded to. */
const DECODED_EDGE_PX = 64;

/** A Blob would copy the bytes. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Rejects images that fail to render. They are decoded outside the Worker's memory. */
async function requireDecodable({ images }: Context, bytes: Uint8Array): Promise<void> {
  let result: RenderResult;
  try {
    result = await renderPng(images, streamOf(bytes), DECODED_EDGE_PX);
  } catch (error) {
    throw renderingUnavailable(FIRST_RENDER_PAUSE_MS, error);
  }
  if (result.kind === "unreadable") throw invalid(["body"], "must be an image that can be decoded");
}

async function getVideo(context: Context, principal: Principal, assetId: string): Promise<FacedAsset> {
  const asset = await getAsset(context, principal, assetId);
  if (asset.mediaType !== "video") throw invalid(["path", "asset_id"], "must be a video; only videos have a poster");
  return asset;
}

/**
 * Sets a JPEG, PNG or WebP from the client as a video's poster and enqueues the tasks that read it.
 *
 * @throws {AppError} `not_found`; `validation_error` for photos, other formats and undecodable images;
 *   `storage_limit_exceeded`; `conflict` after a concurrent change; `rendering_unavailable` to be retried.
 */
export async function putPoster(
  context: Context,
  principal: Principal,
  assetId: string,
  bytes: Uint8Array,
): Promise<FacedAsset> {
  const asset = await getVideo(context, principal, assetId);
  const mimeType = posterTypeOf(bytes);
  if (mimeType === null) throw invalid(["body"], "must be a JPEG, PNG or WebP image");
  const owner = { userId: asset.userId, libraryIds: null };
  await findUploadTarget(context, owner, asset.libraryId);
  await requireDecodable(context, bytes);
  if (!(await replacePoster(context, asset, { bytes, mimeType, source: CLIENT_SOURCE }, true))) {
    await findUploadTarget(context, owner, asset.libraryId);
    throw new AppError("conflict", "another poster was uploaded at the same time; retry the request");
  }
  await enqueue(context.queue, assetId);
  await requestCachePurge(context);
  return await getAsset(context, principal, assetId);
}

/**
 * Removes the poster that a client sent; the video's task then makes one from the film. Other videos stay as they are.
 *
 * @throws {AppError} `not_found`; `validation_error` for photos; `conflict` after a concurrent change.
 */
export async function deleteClientPoster(context: Context, principal: Principal, assetId: string): Promise<FacedAsset> {
  const asset = await getVideo(context, principal, assetId);
  if (!isClientPoster(asset)) return asset;
  if (!(await clearPoster(context, asset, true))) {
    throw new AppError("conflict", "the poster was changed at the same time; retry the request");
  }
  await enqueue(context.queue, assetId);
  await requestCachePurge(context);
  return await getAsset(context, principal, assetId);
}
