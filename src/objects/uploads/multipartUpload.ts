/**
 * An R2 multipart upload with at most one part in flight. R2 requires parts of equal size, except the last. Uploaded
 * parts take no checksum from Workers, so the etag of the finished object is compared with the MD5 of every part.
 */
import { multipartEtag } from "./digests.ts";

export interface MultipartUpload {
  /**
   * Waits for the previous part and starts sending this one. Its bytes must stay unchanged until the next call returns.
   */
  send(part: Uint8Array): Promise<void>;
  /** Waits until the last part is sent; its bytes may change then. */
  settled(): Promise<void>;
  /** Throws if R2 stored other bytes than were sent. Returns the MD5 digests of the parts, concatenated. */
  complete(): Promise<{ object: R2Object; md5s: Uint8Array<ArrayBuffer> }>;
  abort(): Promise<void>;
}

export async function startMultipartUpload(
  bucket: Pick<R2Bucket, "createMultipartUpload">,
  key: string,
  options: R2MultipartOptions,
): Promise<MultipartUpload> {
  const upload = await bucket.createMultipartUpload(key, options);
  const uploadedParts: R2UploadedPart[] = [];
  const md5Digests: ArrayBuffer[] = [];
  /** A failure is stored as a value, because a rejection would be unhandled while the next part fills. */
  let inFlight: Promise<R2UploadedPart | { failure: unknown }> | null = null;

  async function settle(): Promise<void> {
    const result = await inFlight;
    inFlight = null;
    if (result === null) return;
    if ("failure" in result) throw result.failure;
    uploadedParts.push(result);
  }

  return {
    send: async (part) => {
      await settle();
      inFlight = upload.uploadPart(uploadedParts.length + 1, part).catch((failure: unknown) => ({ failure }));
      md5Digests.push(await crypto.subtle.digest("MD5", part));
    },
    settled: settle,
    complete: async () => {
      await settle();
      const object = await upload.complete(uploadedParts);
      const md5s = new Uint8Array(await new Blob(md5Digests).arrayBuffer());
      const expectedEtag = await multipartEtag(md5s);
      if (object.etag !== expectedEtag)
        throw new Error(`R2 stored other bytes: etag ${object.etag}, not ${expectedEtag}`);
      return { object, md5s };
    },
    abort: async () => {
      await inFlight;
      await upload.abort();
    },
  };
}
