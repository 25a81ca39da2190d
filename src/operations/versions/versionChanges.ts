/** Reverts a photo to an earlier version. Every later version is deleted. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import type { FacedAsset } from "../../records/assets/assets.ts";
import { truncateVersions } from "../../records/versions/versionChanges.ts";
import type { Version } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";
import { getAsset } from "../assets/assets.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { enqueue } from "../tasks/taskQueue.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import { listVersions, planVersionChange } from "./versions.ts";

const MAX_TRIES = 3;

/** Chooses the version that becomes current; null when it already is. Throws when the choice is invalid. */
type ChooseVersion = (versions: Version[]) => Version | null;

/** Reads the versions again after each write conflict. */
async function truncateTo(
  context: Context,
  principal: Principal,
  assetId: string,
  choose: ChooseVersion,
): Promise<FacedAsset> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { asset, versions } = await listVersions(context, principal, assetId);
    const chosen = choose(versions);
    if (chosen === null) return asset;
    if (!(await truncateVersions(context.db, planVersionChange(asset, chosen), chosen))) continue;
    const deleted = versions.filter((version) => version.position > chosen.position);
    await deleteVersionObjects(
      context.bucket,
      deleted.map((version) => ({ assetId, versionId: version.id })),
    );
    await enqueue(context.queue, assetId);
    await requestCachePurge(context);
    return await getAsset(context, principal, assetId);
  }
  throw new AppError("write_conflict", "the versions were changed by another request at the same time; try again");
}

function requireVersion(versions: Version[], versionId: string): Version {
  const version = versions.find((candidate) => candidate.id === versionId);
  if (version === undefined) throw notFound("version");
  return version;
}

/**
 * Makes an earlier version current and deletes the later ones. Reverting to the current version changes nothing.
 *
 * @throws {AppError} `not_found`; `write_conflict` to be retried.
 */
export async function revertToVersion(
  context: Context,
  principal: Principal,
  assetId: string,
  versionId: string,
): Promise<FacedAsset> {
  return await truncateTo(context, principal, assetId, (versions) => {
    const version = requireVersion(versions, versionId);
    return version === versions.at(-1) ? null : version;
  });
}

/**
 * Deletes the current edited version; the one before it becomes current.
 *
 * @throws {AppError} `not_found`; `validation_error` for the original; `conflict` for an earlier version;
 *   `write_conflict` to be retried.
 */
export async function deleteVersion(
  context: Context,
  principal: Principal,
  assetId: string,
  versionId: string,
): Promise<FacedAsset> {
  return await truncateTo(context, principal, assetId, (versions) => {
    const version = requireVersion(versions, versionId);
    const previous = versions[versions.indexOf(version) - 1];
    if (previous === undefined) {
      throw invalid(["path", "version_id"], "is the original: delete the asset instead");
    }
    if (version !== versions.at(-1)) {
      throw new AppError("conflict", "a later version is current; delete that version first");
    }
    return previous;
  });
}
