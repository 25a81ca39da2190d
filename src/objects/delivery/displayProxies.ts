/** Display proxies: pictures the renderer can read, each made from an original it can't. Judges nothing about them. */
import { proxyKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

export interface ProxyPicture {
  /** The file, in order; sent one after another, never joined in memory. */
  pieces: Uint8Array[];
  contentType: string;
}

async function send(writer: WritableStreamDefaultWriter<Uint8Array>, pieces: Uint8Array[]): Promise<void> {
  for (const piece of pieces) await writer.write(piece);
  await writer.close();
}

/** One `put`: what breaks off leaves nothing. Done twice, it is the same picture. */
export async function storeProxy(
  bucket: R2Bucket,
  assetId: string,
  versionId: string,
  { pieces, contentType }: ProxyPicture,
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
    // Nobody reads any more: what is still to be sent would wait for ever.
    await Promise.allSettled([writer.abort(error), sending]);
    throw error;
  }
}

export async function openProxy(bucket: R2Bucket, assetId: string, versionId: string): Promise<R2ObjectBody | null> {
  return await fromStorage(() => bucket.get(proxyKey(assetId, versionId)));
}

export async function hasProxy(bucket: R2Bucket, assetId: string, versionId: string): Promise<boolean> {
  return (await fromStorage(() => bucket.head(proxyKey(assetId, versionId)))) !== null;
}
