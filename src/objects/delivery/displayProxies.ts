/** Stores display proxies: decodable images made from originals unsupported by the renderer. */
import { proxyKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

export interface ProxyImage {
  /** The file's parts in order, sent one by one to save the memory of a joined copy. */
  pieces: Uint8Array[];
  contentType: string;
}

async function send(writer: WritableStreamDefaultWriter<Uint8Array>, pieces: Uint8Array[]): Promise<void> {
  for (const piece of pieces) await writer.write(piece);
  await writer.close();
}

/** Stores the proxy with one `put`, which is atomic. Overwriting it is safe. */
export async function storeProxy(
  bucket: R2Bucket,
  assetId: string,
  versionId: string,
  { pieces, contentType }: ProxyImage,
): Promise<void> {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const writer = writable.getWriter();
  const sending = send(writer, pieces);
  try {
    await fromStorage(async () => {
      const put = bucket.put(proxyKey(assetId, versionId), readable, { httpMetadata: { contentType } });
      await Promise.all([put, sending]);
    });
  } catch (error) {
    // The stream loses its reader when the put fails, so pending writes would hang.
    await Promise.allSettled([writer.abort(error), sending]);
    throw error;
  }
}

export async function hasProxy(bucket: R2Bucket, assetId: string, versionId: string): Promise<boolean> {
  return (await fromStorage(() => bucket.head(proxyKey(assetId, versionId)))) !== null;
}
