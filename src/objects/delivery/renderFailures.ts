/**
 * Remembers renderings that failed, beside the renditions of the version, so that they are deleted with it. The record
 * is an empty object with custom metadata: one HEAD reads it.
 */
import { renderFailureKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

/**
 * Variants that share a record: only the full size can exceed the limits of an output format. The crops of all faces
 * share one, because a picture that can't be decoded has none.
 */
export const renderGroups = ["scaled", "fullsize", "crop"] as const;
export type RenderGroup = (typeof renderGroups)[number];

export interface RenderFailure {
  /** `refused` is final until it expires; `transient` is retried after it expires. */
  kind: "refused" | "transient";
  reason: string;
  /** Failed attempts so far. */
  attempts: number;
  /** Unix milliseconds; null for a permanent record. */
  expiresAtMs: number | null;
}

interface RenderAddress {
  assetId: string;
  versionId: string;
  group: RenderGroup;
}

/** R2 limits all custom metadata of an object to 2,048 bytes. */
const MAX_REASON_CHARACTERS = 300;

function parseFailure(fields: Record<string, string>): RenderFailure | null {
  const { kind, reason = "", attempts, expires } = fields;
  if (kind !== "refused" && kind !== "transient") return null;
  const expiresAtMs = expires === undefined ? null : Number(expires);
  return { kind, reason, attempts: Number(attempts ?? 1), expiresAtMs };
}

export async function findRenderFailure(
  bucket: R2Bucket,
  { assetId, versionId, group }: RenderAddress,
): Promise<RenderFailure | null> {
  const object = await fromStorage(() => bucket.head(renderFailureKey(assetId, versionId, group)));
  return object === null ? null : parseFailure(object.customMetadata ?? {});
}

export async function storeRenderFailure(
  bucket: R2Bucket,
  { assetId, versionId, group }: RenderAddress,
  { kind, reason, attempts, expiresAtMs }: RenderFailure,
): Promise<void> {
  const customMetadata = {
    kind,
    // Header values: R2 stores custom metadata as ASCII.
    reason: reason.replaceAll(/[^ -~]/g, "?").slice(0, MAX_REASON_CHARACTERS),
    attempts: String(attempts),
    ...(expiresAtMs !== null && { expires: String(expiresAtMs) }),
  };
  await fromStorage(() => bucket.put(renderFailureKey(assetId, versionId, group), "", { customMetadata }));
}

/** Deletes the records of a version. Missing records are ignored. */
export async function deleteRenderFailures(bucket: R2Bucket, assetId: string, versionId: string): Promise<void> {
  await fromStorage(() => bucket.delete(renderGroups.map((group) => renderFailureKey(assetId, versionId, group))));
}
