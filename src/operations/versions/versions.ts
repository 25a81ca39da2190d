/**
 * Versions of a photo: which there are, and another one, behind the upload or in the place of the current one.
 * Each is written once and never changed; who repeats a call finds what the first one made.
 */
import { AppError, notFound } from "../../kernel/errors.ts";
import { canonicalJson } from "../../kernel/json.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import {
  appendVersion,
  replaceVersion,
  type NewVersion,
  type VersionChange,
} from "../../records/versions/versionChanges.ts";
import { findVersions, type Version, type VersionedAsset } from "../../records/versions/versions.ts";
import { ring } from "../tasks/taskQueue.ts";
import type { Principal } from "../accounts/authentication.ts";
import { CLEAN_UP_AFTER_MS } from "./versionKeys.ts";
import { REGISTER_WITHIN_MS } from "../uploads/uploadAsset.ts";
import {
  discardVersion,
  isInTime,
  type ReceivedVersion,
  type StoredVersion,
  type VersionDeps,
} from "./versionFiles.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import { demandRoomStill } from "./versionPreconditions.ts";
import { pictureWork } from "../tasks/taskPlan.ts";

export type { Version } from "../../records/versions/versions.ts";

export async function listVersions(db: Database, who: Principal, assetId: string): Promise<VersionedAsset> {
  const found = await findVersions(db, who, assetId);
  if (found === null) throw notFound("asset");
  return found;
}

/** What is said of a version beside its file. */
export interface VersionRecipe {
  kind: string;
  params: Record<string, unknown>;
}

export interface RegisteredVersion {
  asset: Asset;
  version: Version;
  /** False where exactly this was there before. */
  created: boolean;
}

function isRepeated(version: Version, received: ReceivedVersion, recipe: VersionRecipe): boolean {
  const isSame = version.sentChecksum === received.sentChecksum && version.kind === recipe.kind;
  return version.position > 0 && isSame && canonicalJson(version.params) === canonicalJson(recipe.params);
}

function newVersion(received: ReceivedVersion, file: StoredVersion, recipe: VersionRecipe): NewVersion {
  const { id, mimeType, width, height, stored } = file;
  const { sizeBytes: fileSizeBytes, sha256: checksum } = stored;
  return { id, mimeType, width, height, fileSizeBytes, checksum, sentChecksum: received.sentChecksum, ...recipe };
}

export function changeOf(asset: Asset, to: Pick<Version, "mimeType" | "fileSizeBytes">): VersionChange {
  const atMs = Date.now();
  const work = pictureWork({ mimeType: to.mimeType, sizeBytes: to.fileSizeBytes });
  return { asset, work, atMs, cleanUpAt: atMs + CLEAN_UP_AFTER_MS };
}

/** The batch changed nothing: someone was faster. Or an earlier run of it was ours, and nobody heard of that. */
async function answerOther(
  deps: VersionDeps,
  who: Principal,
  received: ReceivedVersion & { file: StoredVersion },
  recipe: VersionRecipe,
): Promise<RegisteredVersion> {
  const { target, file } = received;
  const found = await findVersions(deps.db, who, target.asset.id);
  const current = found?.versions.at(-1);
  if (current?.id !== file.id) await discardVersion(deps, target.asset.id, file.id);
  if (found === null || current === undefined) throw notFound("asset");
  const isOurs = current.id === file.id;
  if (isOurs || isRepeated(current, received, recipe)) return { asset: found.asset, version: current, created: isOurs };
  if (current.id === target.current.id) {
    await demandRoomStill(deps.db, who, target.asset.id);
    throw new AppError("write_conflict", "the file came too slowly; send it again");
  }
  throw new AppError("conflict", "another version was made current at the same time");
}

/**
 * The row, if the asset is as it was when the file began to come. When D1 fails we cannot know whether it committed,
 * so the object stays: its note is gone with the commit, or brings it down later.
 */
async function insertVersion(
  deps: VersionDeps,
  who: Principal,
  received: ReceivedVersion & { file: StoredVersion },
  recipe: VersionRecipe,
): Promise<RegisteredVersion> {
  const { asset, current, replaces } = received.target;
  const version = newVersion(received, received.file, recipe);
  const change = changeOf(asset, version);
  const isMade = await (replaces ? replaceVersion : appendVersion)(deps.db, change, version);
  const position = replaces ? current.position : current.position + 1;
  const answer = isMade
    ? { asset, version: { ...version, position }, created: true }
    : await answerOther(deps, who, received, recipe);
  if (answer.created) {
    if (replaces) await deleteVersionObjects(deps.bucket, [{ assetId: asset.id, versionId: current.id }]);
    await ring(deps.queue, asset.id);
  }
  return answer;
}

export async function registerVersion(
  deps: VersionDeps,
  who: Principal,
  received: ReceivedVersion,
  recipe: VersionRecipe,
): Promise<RegisteredVersion> {
  const { target, file } = received;
  const { asset, current } = target;
  const isSame = isRepeated(current, received, recipe);
  if (file !== null) {
    if (!isSame && isInTime(file, REGISTER_WITHIN_MS))
      return await insertVersion(deps, who, { ...received, file }, recipe);
    await discardVersion(deps, asset.id, file.id);
    if (!isSame)
      throw new AppError("bad_request", "the fields behind the file came too late: send them in front of it");
  }
  if (!isSame) throw new AppError("conflict", target.refusal ?? "the asset takes no other version");
  return { asset, version: current, created: false };
}
