/** Stores posters of videos. Each poster has a new key, because caches may keep the previous one. */
import { newId } from "../../kernel/ids.ts";
import { posterKey, RENDITIONS_PREFIX } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

/** Stores a poster under a new version id, and returns the id. */
export async function storePoster(
  bucket: R2Bucket,
  assetId: string,
  bytes: Uint8Array,
  mimeType: string,
  atMs: number,
): Promise<string> {
  const versionId = newId("assetVersion", atMs);
  const httpMetadata = { contentType: mimeType };
  await fromStorage(() => bucket.put(posterKey(assetId, versionId), bytes, { httpMetadata }));
  return versionId;
}

/** Deletes a poster and its renditions. Missing objects are ignored. */
export async function deletePoster(bucket: R2Bucket, assetId: string, versionId: string): Promise<void> {
  const prefix = `${RENDITIONS_PREFIX}${assetId}/${versionId}/`;
  const renditions = await fromStorage(() => bucket.list({ prefix }));
  const keys = [posterKey(assetId, versionId), ...renditions.objects.map((object) => object.key)];
  await fromStorage(() => bucket.delete(keys));
}
