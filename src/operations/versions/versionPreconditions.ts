/** Preconditions of a new version, checked before the first byte of its file. */
import { invalid, notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import { findVersionContext, type Version, type VersionContext } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { inaccessible } from "../libraries/access.ts";
import { checkStorageLimits } from "../libraries/storageLimits.ts";

export interface VersionPlan {
  asset: Asset;
  /** The upload, whose metadata every version carries. */
  original: Version;
  current: Version;
  /** Whether the new version replaces the current one or is appended to it. */
  replaces: boolean;
  /** Reason to reject the version. Its file is still hashed: a repeated call gets the existing version instead. */
  conflict: string | null;
}

function requirePhoto(asset: Asset): void {
  if (asset.mediaType !== "image") throw invalid(["path", "asset_id"], "is a video: only photos have edited versions");
}

async function readContext(
  context: Context,
  principal: Principal,
  assetId: string,
  versionId: string,
): Promise<VersionContext> {
  const versionContext = await findVersionContext(context.db, principal, assetId, versionId);
  if (versionContext === null) throw await inaccessible(context, principal, "asset", assetId);
  requirePhoto(versionContext.asset);
  return versionContext;
}

/** Checks again that the caller may change the photo: a membership may have ended while the file was sent. */
export async function requirePhotoInScope(context: Context, principal: Principal, assetId: string): Promise<void> {
  await readContext(context, principal, assetId, "");
}

/** Checks the storage limits again: other uploads may have used the space while the file was sent. */
export async function requireFreeSpace(context: Context, principal: Principal, assetId: string): Promise<void> {
  const { storage } = await readContext(context, principal, assetId, "");
  checkStorageLimits(storage.user, storage.library);
}

function firstAndCurrent(versions: Version[]): { original: Version; current: Version } {
  const [original, current] = [versions[0], versions.at(-1)];
  if (original === undefined || current === undefined) throw new Error("an asset has at least one version");
  return { original, current };
}

/**
 * Plans a version after the upload. Edits always start from the upload, so a second one replaces the first.
 *
 * @throws {AppError} `not_found`, `validation_error` for a video, `storage_limit_exceeded`.
 */
export async function planAppend(context: Context, principal: Principal, assetId: string): Promise<VersionPlan> {
  const { asset, versions, storage } = await readContext(context, principal, assetId, "");
  const { original, current } = firstAndCurrent(versions);
  const conflict =
    current === original ? null : "an edited version is current: replace it, or revert to the original first";
  if (conflict === null) checkStorageLimits(storage.user, storage.library);
  return { asset, original, current, replaces: false, conflict };
}

/**
 * Plans the replacement of the current edited version.
 *
 * @throws {AppError} `not_found`, `validation_error` for a video or the original, `storage_limit_exceeded`.
 */
export async function planReplace(
  context: Context,
  principal: Principal,
  assetId: string,
  versionId: string,
): Promise<VersionPlan> {
  const { asset, versions, storage, alreadyReplaced } = await readContext(context, principal, assetId, versionId);
  const { original, current } = firstAndCurrent(versions);
  const replaced = versions.find((version) => version.id === versionId);
  if (replaced === undefined && !alreadyReplaced) throw notFound("version");
  if (replaced === original) throw invalid(["path", "version_id"], "is the original, which cannot be replaced");
  const conflict = replaced === current ? null : "the version is not the current one";
  if (conflict === null) checkStorageLimits(storage.user, storage.library);
  return { asset, original, current, replaces: true, conflict };
}
