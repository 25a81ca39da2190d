/** An R2 multipart upload with at most one part in flight. R2 requires parts of equal size, except the last. */

export interface MultipartUpload {
  /** Waits for the previous part and starts sending this one. Its bytes must stay unchanged until the next call returns. */
  send(part: Uint8Array): Promise<void>;
  complete(): Promise<R2Object>;
  abort(): Promise<void>;
}

export async function startMultipartUpload(
  bucket: R2Bucket,
  key: string,
  options: R2MultipartOptions,
): Promise<MultipartUpload> {
  const upload = await bucket.createMultipartUpload(key, options);
  const uploadedParts: R2UploadedPart[] = [];
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
    },
    complete: async () => {
      await settle();
      return await upload.complete(uploadedParts);
    },
    abort: async () => {
      await inFlight;
      await upload.abort();
    },
  };
}
