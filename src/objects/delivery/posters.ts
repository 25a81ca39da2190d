/** The still of a video. Another still is another key, so nothing that was cached under the old one is shown. */
import { newId } from "../../kernel/ids.ts";
import { renditionsPrefix, stillKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

/** Stores the picture under a new version id and answers that. */
export async function storeStill(
  bucket: R2Bucket,
  assetId: string,
  bytes: Uint8Array,
  mimeType: string,
  atMs: number,
): Promise<string> {
  const versionId = newId("assetVersion", atMs);
  const httpMetadata = { contentType: mimeType };
  await fromStorage(() => bucket.put(stillKey(assetId, versionId), bytes, { httpMetadata }));
  return versionId;
}

/** The still and all rungs that were rendered from it. Harmless where there is nothing. */
export async function deleteStill(bucket: R2Bucket, assetId: string, versionId: string): Promise<void> {
  const rungs = await fromStorage(() => bucket.list({ prefix: `${renditionsPrefix}${assetId}/${versionId}/` }));
  const keys = [stillKey(assetId, versionId), ...rungs.objects.map((object) => object.key)];
  await fromStorage(() => bucket.delete(keys));
}
