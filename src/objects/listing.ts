/** Lists objects by key, which is also the order of asset ids, and deletes objects. */
import { ASSET_KEY_PREFIXES } from "./keys.ts";
import { fromStorage } from "./storageErrors.ts";

export interface ListedObject {
  key: string;
  sizeBytes: number;
  uploadedMs: number;
}

/** At most 1,000 objects after `startAfter`, which may be a key without an object. */
export async function listObjects(
  bucket: R2Bucket,
  prefix: string,
  startAfter: string,
): Promise<{ objects: ListedObject[]; hasMore: boolean }> {
  // R2 rejects an empty startAfter; the prefix itself sorts before every key with that prefix.
  const page = await fromStorage(() => bucket.list({ prefix, startAfter: startAfter === "" ? prefix : startAfter }));
  const objects = page.objects.map((object) => ({
    key: object.key,
    sizeBytes: object.size,
    uploadedMs: object.uploaded.getTime(),
  }));
  return { objects, hasMore: page.truncated };
}

const MAX_KEYS_PER_DELETE = 1000;

/** Deletes objects. Missing keys are ignored. R2 deletes are free. */
export async function deleteObjects(bucket: R2Bucket, keys: string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += MAX_KEYS_PER_DELETE) {
    await fromStorage(() => bucket.delete(keys.slice(i, i + MAX_KEYS_PER_DELETE)));
  }
}

/** All keys with a prefix, in order. */
async function listKeys(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let hasMore = true; hasMore;) {
    const page = await listObjects(bucket, prefix, keys.at(-1) ?? "");
    keys.push(...page.objects.map((object) => object.key));
    hasMore = page.hasMore;
  }
  return keys;
}

/** Deletes every object of an asset, with one listing per prefix. Returns the number of deleted objects. */
export async function deleteAssetObjects(bucket: R2Bucket, assetId: string): Promise<number> {
  const keys: string[] = [];
  for (const prefix of ASSET_KEY_PREFIXES) keys.push(...(await listKeys(bucket, `${prefix}${assetId}/`)));
  await deleteObjects(bucket, keys);
  return keys.length;
}
