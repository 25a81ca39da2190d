/** Walks the bucket's originals in order of their asset ids, which is the order they were made in. */
import { originalsPrefix } from "./keys.ts";

export interface ListedOriginal {
  key: string;
  uploadedMs: number;
}

/** At most 1,000 originals behind `startAfter`, a key that need not exist. */
export async function listOriginals(
  bucket: R2Bucket,
  startAfter: string,
): Promise<{ originals: ListedOriginal[]; hasMore: boolean }> {
  const page = await bucket.list({ prefix: originalsPrefix, startAfter });
  const originals = page.objects.map((object) => ({ key: object.key, uploadedMs: object.uploaded.getTime() }));
  return { originals, hasMore: page.truncated };
}

/** Up to 1,000 keys in one operation; what is not there is no error. */
export async function deleteOriginals(bucket: R2Bucket, keys: string[]): Promise<void> {
  if (keys.length > 0) await bucket.delete(keys);
}
