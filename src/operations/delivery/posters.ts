import { AppError, invalid } from "../../kernel/errors.ts";
import { sniff } from "../../media/inspect/sniff.ts";
import { deletePoster, storePoster } from "../../objects/delivery/posters.ts";
import type { Asset } from "../../records/assets/assets.ts";
import { setPoster } from "../../records/delivery/posters.ts";
import { getAsset } from "../assets/assets.ts";
import type { Principal } from "../accounts/authentication.ts";
import { enqueue } from "../tasks/taskQueue.ts";
import type { Context } from "../context.ts";

/** Accepted poster formats by detected file type. */
const posterTypes = new Map<string, string>([
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["webp", "image/webp"],
]);

/** Detects the MIME type of a poster from its first bytes; null for a format that posters cannot have. */
export function posterTypeOf(head: Uint8Array): string | null {
  return posterTypes.get(sniff(head) ?? "") ?? null;
}

/**
 * Stores a poster and deletes the previous one. Writes the object, then the row, then deletes the old object, so that
 * the row always points at an existing poster. Returns false when a concurrent call replaced the poster first.
 */
export async function replacePoster(
  context: Context,
  asset: Asset,
  bytes: Uint8Array,
  mimeType: string,
): Promise<boolean> {
  const versionId = await storePoster(context.bucket, asset.id, bytes, mimeType, context.nowMs);
  const isCurrent = await setPoster(context.db, asset, versionId, context.nowMs);
  const superseded = isCurrent ? asset.posterVersionId : versionId;
  if (superseded !== null) await deletePoster(context.bucket, asset.id, superseded);
  return isCurrent;
}

/**
 * Sets a JPEG, PNG or WebP from the client as a video's poster and enqueues the tasks that read it.
 * Throws `not_found`, `validation_error` for photos and other formats, or `conflict` after a concurrent change.
 */
export async function putPoster(
  context: Context,
  principal: Principal,
  assetId: string,
  bytes: Uint8Array,
): Promise<Asset> {
  const asset = await getAsset(context, principal, assetId);
  if (asset.mediaType !== "video") throw invalid(["path", "asset_id"], "must be a video; only videos have a poster");
  const mimeType = posterTypeOf(bytes);
  if (mimeType === null) throw invalid(["body"], "must be a JPEG, PNG or WebP image");
  if (!(await replacePoster(context, asset, bytes, mimeType))) {
    throw new AppError("conflict", "another poster was uploaded at the same time; retry the request");
  }
  await enqueue(context.queue, assetId);
  return await getAsset(context, principal, assetId);
}
