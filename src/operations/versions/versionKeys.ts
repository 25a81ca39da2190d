/** The R2 keys that a version may occupy, and how long after a deletion they may still be written. */
import { renderGroups } from "../../objects/delivery/renderFailures.ts";
import { originalKey, proxyKey, renderFailureKey, renditionKey } from "../../objects/keys.ts";
import type { VersionAddress } from "../../records/versions/versionCleanups.ts";
import { variants } from "../delivery/variants.ts";

/**
 * A queue consumer that started before a deletion may write objects for 15 more minutes, and a first request may still
 * render a variant: the final cleanup waits until both have ended.
 */
export const CLEAN_UP_AFTER_MS = 60 * 60_000;

/**
 * Lists every key of a version: file, display proxy, renditions and failure records. R2 deletes are free, listings are
 * billed.
 */
export function versionKeys({ assetId, versionId }: VersionAddress): string[] {
  const renditions = variants.map((variant) => renditionKey(assetId, versionId, variant));
  const failures = renderGroups.map((group) => renderFailureKey(assetId, versionId, group));
  return [originalKey(assetId, versionId), proxyKey(assetId, versionId), ...renditions, ...failures];
}
