/** Reads the versions of a photo and plans the change of its current one. */
import { parseMediaFamily } from "../../media/inspect/formats.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { VersionChange } from "../../records/versions/versionChanges.ts";
import { findVersions, type Version, type VersionedAsset } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { inaccessible } from "../libraries/access.ts";
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
  if (versioned === null) throw await inaccessible(context, principal, "asset", assetId);
  return versioned;
}

interface NextVersion extends Pick<Version, "mimeType" | "fileSizeBytes"> {
  /** 0 is the upload; undefined before the version is stored. */
  position?: number;
}

/** Plans the tasks and the cleanup for making `to` the current version of `asset`. */
export function planVersionChange(asset: Asset, to: NextVersion): VersionChange {
  const atMs = Date.now();
  // The type of an upload comes from its name, that of an edited version from its bytes.
  const family = to.position === 0 ? parseMediaFamily(asset.sources.file.contentFamily) : null;
  const taskTypes = planImageTasks({ family, mimeType: to.mimeType, sizeBytes: to.fileSizeBytes });
  return { asset, taskTypes, atMs, cleanUpAt: atMs + CLEAN_UP_AFTER_MS };
}
