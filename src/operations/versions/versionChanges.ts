/** Going back in a photo's versions: to a named one, or to the one before the last. What came behind is gone for good. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import { truncateVersions } from "../../records/versions/versionChanges.ts";
import type { Version } from "../../records/versions/versions.ts";
import { getAsset } from "../assets/assets.ts";
import { ring } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { VersionDeps } from "./versionFiles.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import { changeOf, listVersions } from "./versions.ts";

/** Each try reads anew what the one before was too late for. */
const MAX_TRIES = 3;

/** Which version is to be current; null where it is. Throws where that cannot be. */
type Choice = (versions: Version[]) => Version | null;

async function goBack(deps: VersionDeps, who: Principal, assetId: string, choose: Choice): Promise<Asset> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { asset, versions } = await listVersions(deps.db, who, assetId);
    const target = choose(versions);
    if (target === null) return asset;
    if (!(await truncateVersions(deps.db, changeOf(asset, target), target))) continue;
    const later = versions.filter((version) => version.position > target.position);
    await deleteVersionObjects(
      deps.bucket,
      later.map((version) => ({ assetId, versionId: version.id })),
    );
    await ring(deps.queue, assetId);
    return await getAsset(deps.db, who, assetId);
  }
  throw new AppError("write_conflict", "the versions were changed by someone else at the same time; try again");
}

function named(versions: Version[], versionId: string): Version {
  const version = versions.find((candidate) => candidate.id === versionId);
  if (version === undefined) throw notFound("version");
  return version;
}

/** The named version becomes current. */
export async function revertToVersion(
  deps: VersionDeps,
  who: Principal,
  assetId: string,
  versionId: string,
): Promise<Asset> {
  return await goBack(deps, who, assetId, (versions) => {
    const target = named(versions, versionId);
    return target === versions.at(-1) ? null : target;
  });
}

/** The current version goes, and the one before it becomes current. The upload itself goes only with the asset. */
export async function deleteVersion(
  deps: VersionDeps,
  who: Principal,
  assetId: string,
  versionId: string,
): Promise<Asset> {
  return await goBack(deps, who, assetId, (versions) => {
    const doomed = named(versions, versionId);
    const before = versions[versions.indexOf(doomed) - 1];
    if (before === undefined) {
      throw invalid(["path", "version_id"], "is the original: delete the asset to be rid of it");
    }
    if (doomed !== versions.at(-1)) throw new AppError("conflict", "a later version is current: delete that one first");
    return before;
  });
}
