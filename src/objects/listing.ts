/** Walks the bucket in order of keys, which is order of asset ids, and deletes what it is told to. */
import { assetKeyPrefixes } from "./keys.ts";
import { fromStorage } from "./storageErrors.ts";

export interface ListedObject {
  key: string;
  sizeBytes: number;
  uploadedMs: number;
}

/** At most 1,000 objects behind `startAfter`, a key that need not exist. */
export async function listObjects(
  bucket: R2Bucket,
  prefix: string,
  startAfter: string,
): Promise<{ objects: ListedObject[]; hasMore: boolean }> {
  // An empty startAfter is refused; the prefix itself is before every key that has it.
  const page = await fromStorage(() => bucket.list({ prefix, startAfter: startAfter === "" ? prefix : startAfter }));
  const objects = page.objects.map((object) => ({
    key: object.key,
    sizeBytes: object.size,
    uploadedMs: object.uploaded.getTime(),
  }));
  return { objects, hasMore: page.truncated };
}

const MAX_KEYS_PER_DELETE = 1000;

/** What is not there is no error. R2 bills no delete. */
export async function deleteObjects(bucket: R2Bucket, keys: string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += MAX_KEYS_PER_DELETE) {
    await fromStorage(() => bucket.delete(keys.slice(i, i + MAX_KEYS_PER_DELETE)));
  }
}

/** All keys of one asset in order, under one prefix. */
async function keysOfAsset(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let hasMore = true; hasMore;) {
    const page = await listObjects(bucket, prefix, keys.at(-1) ?? "");
    keys.push(...page.objects.map((object) => object.key));
    hasMore = page.hasMore;
  }
  return keys;
}

/** Everything that is stored of one asset, of whatever version and by whatever name: a listing for each prefix. */
export async function deleteAssetObjects(bucket: R2Bucket, assetId: string): Promise<number> {
  const keys: string[] = [];
  for (const prefix of assetKeyPrefixes) keys.push(...(await keysOfAsset(bucket, `${prefix}${assetId}/`)));
  await deleteObjects(bucket, keys);
  return keys.length;
}
