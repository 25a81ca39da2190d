/**
 * One R2 multipart upload with at most one part in flight. Leaves nothing behind when it is aborted.
 * Decides nothing about part sizes: the caller sends equal parts, the last one shorter.
 */

export interface PartedUpload {
  /** Returns once the part is under way and the one before it has landed. The bytes must stay as they are until the next call returns. */
  send(part: Uint8Array): Promise<void>;
  complete(): Promise<R2Object>;
  abort(): Promise<void>;
}

export async function startPartedUpload(
  bucket: R2Bucket,
  key: string,
  options: R2MultipartOptions,
): Promise<PartedUpload> {
  const upload = await bucket.createMultipartUpload(key, options);
  const landed: R2UploadedPart[] = [];
  /** Holds its failure as a value: nobody may be awaiting it while the next part fills. */
  let inFlight: Promise<R2UploadedPart | { failure: unknown }> | null = null;

  async function settle(): Promise<void> {
    const outcome = await inFlight;
    inFlight = null;
    if (outcome === null) return;
    if ("failure" in outcome) throw outcome.failure;
    landed.push(outcome);
  }

  return {
    send: async (part) => {
      await settle();
      inFlight = upload.uploadPart(landed.length + 1, part).catch((failure: unknown) => ({ failure }));
    },
    complete: async () => {
      await settle();
      return await upload.complete(landed);
    },
    abort: async () => {
      await inFlight;
      await upload.abort();
    },
  };
}
