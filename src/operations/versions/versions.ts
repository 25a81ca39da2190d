/** Reads the versions of a photo and plans the change of its current one. */
import { notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { VersionChange } from "../../records/versions/versionChanges.ts";
import { findVersions, type Version, type VersionedAsset } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { planImageTasks } from "../tasks/taskPlan.ts";
import { CLEAN_UP_AFTER_MS } from "./versionKeys.ts";

export type { Version } from "../../records/versions/versions.ts";

/**
 * Lists the versions of an asset by position: the upload first, the current version last.
 *
 * @throws {AppError} `not_found`.
 */
export async function listVersions(context: Context, principal: Principal, assetId: string): Promise<VersionedAsset> {
  const versioned = await findVersions(context.db, principal, assetId);
  if (versioned === null) throw notFound("asset");
  return versioned;
}

/** Plans the tasks and the cleanup for making `to` the current version of `asset`. */
export function planVersionChange(asset: Asset, to: Pick<Version, "mimeType" | "fileSizeBytes">): VersionChange {
  const atMs = Date.now();
  const taskTypes = planImageTasks({ mimeType: to.mimeType, sizeBytes: to.fileSizeBytes });
  return { asset, taskTypes, atMs, cleanUpAt: atMs + CLEAN_UP_AFTER_MS };
}
