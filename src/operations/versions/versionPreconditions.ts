/** Whether an asset takes another version, and in which place: known before its first byte is read. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { findVersionTarget, type Version, type VersionTarget as Found } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";

export interface VersionTarget {
  asset: Asset;
  /** Of the upload, whose metadata goes into every version. */
  original: Version;
  current: Version;
  /** Whether the new version takes the current one's place, or comes behind it. */
  replaces: boolean;
  /** Why nothing is stored; all that can still be answered is that exactly this was stored before. */
  refusal: string | null;
}

function demandPhoto(asset: Asset): void {
  if (asset.mediaType !== "image") throw invalid(["path", "asset_id"], "is a video: only photos take edited versions");
}

function demandSpace(storage: Found["storage"]): void {
  if (storage === null) return;
  if (storage.userUsed >= storage.userLimit) {
    throw new AppError("storage_limit_exceeded", "User storage limit exceeded");
  }
  if (storage.libraryLimit !== null && storage.libraryUsed >= storage.libraryLimit) {
    throw new AppError("storage_limit_exceeded", "Library storage limit exceeded");
  }
}

/** Others may have filled what was free when the file began to come. */
export async function demandRoomStill(db: Database, who: Principal, assetId: string): Promise<void> {
  demandSpace((await findTarget(db, who, assetId, "")).storage);
}

function ends(versions: Version[]): { original: Version; current: Version } {
  const [original, current] = [versions[0], versions.at(-1)];
  if (original === undefined || current === undefined) throw new Error("an asset has at least one version");
  return { original, current };
}

async function findTarget(db: Database, who: Principal, assetId: string, versionId: string): Promise<Found> {
  const found = await findVersionTarget(db, who, assetId, versionId);
  if (found === null) throw notFound("asset");
  demandPhoto(found.asset);
  return found;
}

/** Edits are made from the upload: a second one takes the first one's place, by `replace`. */
export async function openAppend(db: Database, who: Principal, assetId: string): Promise<VersionTarget> {
  const { asset, versions, storage } = await findTarget(db, who, assetId, "");
  const { original, current } = ends(versions);
  const refusal =
    current === original ? null : "an edited version is current: replace it, or revert to the original first";
  if (refusal === null) demandSpace(storage);
  return { asset, original, current, replaces: false, refusal };
}

export async function openReplace(
  db: Database,
  who: Principal,
  assetId: string,
  versionId: string,
): Promise<VersionTarget> {
  const { asset, versions, storage, wasNamed } = await findTarget(db, who, assetId, versionId);
  const { original, current } = ends(versions);
  const named = versions.find((version) => version.id === versionId);
  if (named === undefined && !wasNamed) throw notFound("version");
  if (named === original) throw invalid(["path", "version_id"], "is the original, which nothing can replace");
  const refusal = named === current ? null : "the version is not the current one";
  if (refusal === null) demandSpace(storage);
  return { asset, original, current, replaces: true, refusal };
}
