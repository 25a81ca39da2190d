/** What may be stored of a version, by name, and for how long more may come. Stores and deletes nothing. */
import { originalKey, proxyKey, renditionKey } from "../../objects/keys.ts";
import type { VersionAddress } from "../../records/versions/versionCleanups.ts";
import { rungFormats, rungs } from "../delivery/variants.ts";

/**
 * A consumer that began before a deletion may write what it made until 15 minutes after it, and a first request may
 * render a rung: who has the last word waits until all of them have ended.
 */
export const CLEAN_UP_AFTER_MS = 60 * 60_000;

/** Its file, its proxy, its rungs. Deleting by name costs nothing, listing does. */
export function versionKeys({ assetId, versionId }: VersionAddress): string[] {
  const renditions = rungs.flatMap((rung) =>
    rungFormats.map((format) => renditionKey(assetId, versionId, rung, format)),
  );
  return [originalKey(assetId, versionId), proxyKey(assetId, versionId), ...renditions];
}
