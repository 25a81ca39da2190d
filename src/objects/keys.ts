/** The only place that builds an R2 key, or takes one apart. Touches no bucket. */
import { firstIdAt, isId } from "../kernel/ids.ts";

/** Of every original. */
export const originalsPrefix = "originals/";

export interface OriginalAddress {
  assetId: string;
  versionId: string;
}

export function originalKey(assetId: string, versionId: string): string {
  return `${originalsPrefix}${assetId}/${versionId}`;
}

/** Null for a key that `originalKey` did not build. */
export function parseOriginalKey(key: string): OriginalAddress | null {
  if (!key.startsWith(originalsPrefix)) return null;
  const [assetId, versionId, ...rest] = key.slice(originalsPrefix.length).split("/");
  if (assetId === undefined || versionId === undefined || rest.length > 0) return null;
  return isId("asset", assetId) && isId("assetVersion", versionId) ? { assetId, versionId } : null;
}

/**
 * Below the key of every original whose asset id was minted at `atMs` or later, above all earlier ones.
 * R2 lists in byte order and ids begin with their time, so as `startAfter` it begins a scan there.
 */
export function firstOriginalKeyAt(atMs: number): string {
  return firstKeyAt(originalsPrefix, atMs);
}

export const proxiesPrefix = "proxies/";
export const stillsPrefix = "stills/";
export const renditionsPrefix = "renditions/";

/** A picture the renderer can read, made from an original it can't. */
export function proxyKey(assetId: string, versionId: string): string {
  return `${proxiesPrefix}${assetId}/${versionId}`;
}

/** The frame or cover that stands for a video. */
export function stillKey(assetId: string, versionId: string): string {
  return `${stillsPrefix}${assetId}/${versionId}`;
}

/** A rung in one format: `renditions/<asset>/<version>/thumbnail.webp`. */
export function renditionKey(assetId: string, versionId: string, rung: string, format: string): string {
  return `${renditionsPrefix}${assetId}/${versionId}/${rung}.${format}`;
}

/** Every prefix that holds assets' objects. Behind it comes the asset's id. */
export const assetKeyPrefixes = [originalsPrefix, proxiesPrefix, stillsPrefix, renditionsPrefix] as const;

/** Whose object this is; null for a key that is no asset's. */
export function assetIdOfKey(key: string): string | null {
  const prefix = assetKeyPrefixes.find((candidate) => key.startsWith(candidate));
  if (prefix === undefined) return null;
  const [assetId, rest] = key.slice(prefix.length).split("/", 2);
  return assetId !== undefined && rest !== undefined && isId("asset", assetId) ? assetId : null;
}

/** Which version of it this object belongs to; null where the key names none of ours. */
export function versionIdOfKey(key: string): string | null {
  const [, , versionId] = key.split("/", 3);
  return versionId !== undefined && isId("assetVersion", versionId) ? versionId : null;
}

/** Below every key of assets whose ids were minted at `atMs` or later: where a scan of a prefix may stop, or begin. */
export function firstKeyAt(prefix: string, atMs: number): string {
  return prefix + firstIdAt("asset", atMs);
}

/** Behind every key of the asset, before those of the next: as `startAfter` it goes on there. `0` follows `/`. */
export function keyBehindAsset(prefix: string, assetId: string): string {
  return `${prefix}${assetId}0`;
}
