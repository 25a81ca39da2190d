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
  return originalsPrefix + firstIdAt("asset", atMs);
}
