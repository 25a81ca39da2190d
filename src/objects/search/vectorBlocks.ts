/** Blocks of vectors. An object is written once and never changed. */
import { fromStorage } from "../storageErrors.ts";
import { deleteObjects, listObjects } from "../listing.ts";

export const VECTORS_PREFIX = "vectors/";

/** Stores a block under a new key, which it returns. */
export async function storeVectorBlock(bucket: R2Bucket, libraryId: string, bytes: ArrayBuffer): Promise<string> {
  const key = `${VECTORS_PREFIX}${libraryId}/${crypto.randomUUID()}`;
  await fromStorage(() => bucket.put(key, bytes));
  return key;
}

/** Reads a block; null if it is missing. */
export async function readVectorBlock(bucket: R2Bucket, key: string): Promise<ArrayBuffer | null> {
  return await fromStorage(async () => (await (await bucket.get(key))?.arrayBuffer()) ?? null);
}

/** Pages of a listing, 1,000 objects each. */
const MAX_LISTED_PAGES = 20;

/** Deletes blocks that were written before `writtenBeforeMs` and aren't `known`. Returns their number. */
export async function deleteUnknownBlocks(
  bucket: R2Bucket,
  known: ReadonlySet<string>,
  writtenBeforeMs: number,
): Promise<number> {
  let after = "";
  let deleted = 0;
  for (let page = 0; page < MAX_LISTED_PAGES; page++) {
    const { objects, hasMore } = await listObjects(bucket, VECTORS_PREFIX, after);
    const unknown = objects.filter(({ key, uploadedMs }) => !known.has(key) && uploadedMs < writtenBeforeMs);
    await deleteObjects(
      bucket,
      unknown.map(({ key }) => key),
    );
    deleted += unknown.length;
    after = objects.at(-1)?.key ?? "";
    if (!hasMore) break;
  }
  return deleted;
}
