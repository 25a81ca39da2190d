/** Builds and parses R2 keys: `<prefix>/<asset id>/<version id>…`. */
import { minIdAt, isId } from "../kernel/ids.ts";

export const ORIGINALS_PREFIX = "originals/";
export const PROXIES_PREFIX = "proxies/";
export const POSTERS_PREFIX = "posters/";
export const RENDITIONS_PREFIX = "renditions/";

/** Every prefix of objects that belong to assets. */
export const ASSET_KEY_PREFIXES = [ORIGINALS_PREFIX, PROXIES_PREFIX, POSTERS_PREFIX, RENDITIONS_PREFIX] as const;

/** The key of an uploaded file. */
export function originalKey(assetId: string, versionId: string): string {
  return `${ORIGINALS_PREFIX}${assetId}/${versionId}`;
}

/** The key of a version's display proxy. */
export function proxyKey(assetId: string, versionId: string): string {
  return `${PROXIES_PREFIX}${assetId}/${versionId}`;
}

/** The key of a video's poster. */
export function posterKey(assetId: string, versionId: string): string {
  return `${POSTERS_PREFIX}${assetId}/${versionId}`;
}

/** The key of a variant, which exists in one format: `renditions/<asset>/<version>/thumbnail`. */
export function renditionKey(assetId: string, versionId: string, variant: string): string {
  return `${RENDITIONS_PREFIX}${assetId}/${versionId}/${variant}`;
}

/** The key of the failure record of a group of variants. */
export function renderFailureKey(assetId: string, versionId: string, group: string): string {
  return `${RENDITIONS_PREFIX}${assetId}/${versionId}/${group}.failure`;
}

/** The asset that an object belongs to; null for other keys. */
export function assetIdOfKey(key: string): string | null {
  const prefix = ASSET_KEY_PREFIXES.find((candidate) => key.startsWith(candidate));
  if (prefix === undefined) return null;
  const [assetId, rest] = key.slice(prefix.length).split("/", 2);
  return assetId !== undefined && rest !== undefined && isId("asset", assetId) ? assetId : null;
}

/** The version that an object belongs to; null for keys without a version id. */
export function versionIdOfKey(key: string): string | null {
  const [, , versionId] = key.split("/", 3);
  return versionId !== undefined && isId("assetVersion", versionId) ? versionId : null;
}

/**
 * A bound that is greater than the keys of assets created before `atMs`, and less than those of later ones. R2 lists in
 * byte order and ids start with their creation time, so a listing of the prefix can start or stop there.
 */
export function firstKeyAt(prefix: string, atMs: number): string {
  return prefix + minIdAt("asset", atMs);
}

/** A `startAfter` that skips all keys of the asset: `0` is the character after `/`. */
export function keyAfterAsset(prefix: string, assetId: string): string {
  return `${prefix}${assetId}0`;
}
