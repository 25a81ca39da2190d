/**
 * The bytes of originals: stored while they are hashed, read whole or in ranges, deleted.
 * Never holds more than two parts of a file, and judges nothing about what is in it.
 */
import { base64Of, runningDigests, type RunningDigests } from "./digests.ts";
import { partBuffers, type PartBuffers } from "./partBuffers.ts";
import { startPartedUpload, type PartedUpload } from "./multipartUpload.ts";
import { fromStorage } from "../storageErrors.ts";

export interface StoreOptions {
  contentType: string;
  /** About how many bytes to expect; trusted for nothing but the first allocation. */
  sizeHint: number | null;
}

export interface StoredOriginal {
  /** 0: the body was empty, and nothing is stored. */
  sizeBytes: number;
  /** Base64, as the API shows them. */
  sha256: string;
  sha1: string;
  etag: string | null;
  /** The whole file where it fitted the first part, so that reading its metadata costs no R2 operation. */
  head: Uint8Array | null;
  peakBufferedBytes: number;
}

interface Storing {
  bucket: R2Bucket;
  key: string;
  httpMetadata: R2HTTPMetadata;
  buffers: PartBuffers;
  digests: RunningDigests;
  sizeBytes: number;
  upload: PartedUpload | null;
  /** Whether R2 may hold anything under the key, known to us or not. */
  touched: boolean;
}

/** The digests run while the part is on its way. */
async function sendPart(storing: Storing): Promise<PartedUpload> {
  const part = storing.buffers.filled();
  storing.touched = true;
  const upload = await fromStorage(async () => {
    const { bucket, key, httpMetadata } = storing;
    storing.upload ??= await startPartedUpload(bucket, key, { httpMetadata });
    await storing.upload.send(part);
    return storing.upload;
  });
  await storing.digests.add(part);
  return upload;
}

/** A full part is sent only when another byte has come: a file of exactly one part is one `put`. */
async function take(storing: Storing, chunk: Uint8Array): Promise<void> {
  storing.sizeBytes += chunk.byteLength;
  let rest = chunk.subarray(storing.buffers.fill(chunk));
  while (rest.byteLength > 0) {
    await sendPart(storing);
    storing.buffers.turn();
    rest = rest.subarray(storing.buffers.fill(rest));
  }
}

async function finishWhole(storing: Storing): Promise<StoredOriginal> {
  const { bucket, key, httpMetadata, sizeBytes, buffers } = storing;
  const head = buffers.filled();
  await storing.digests.add(head);
  const { sha256, sha1 } = await storing.digests.finish();
  const checksums = { sha256: base64Of(sha256), sha1: base64Of(sha1) };
  const peakBufferedBytes = buffers.peakBytes();
  if (sizeBytes === 0) return { ...checksums, sizeBytes, etag: null, head, peakBufferedBytes };
  storing.touched = true;
  // R2 hashes what it received and stores nothing where that differs.
  const { etag } = await fromStorage(() => bucket.put(key, head, { httpMetadata, sha256 }));
  return { ...checksums, sizeBytes, etag, head, peakBufferedBytes };
}

async function finishParted(storing: Storing): Promise<StoredOriginal> {
  const upload = await sendPart(storing);
  const { sha256, sha1 } = await storing.digests.finish();
  const { etag } = await fromStorage(() => upload.complete());
  const checksums = { sha256: base64Of(sha256), sha1: base64Of(sha1) };
  const { sizeBytes, buffers } = storing;
  return { ...checksums, sizeBytes, etag, head: null, peakBufferedBytes: buffers.peakBytes() };
}

/**
 * A call that failed may still have been carried out, hence the delete as well; keys are never used twice, so it can
 * hit nothing else. What even this leaves, R2 drops (unfinished uploads after 7 days) or the sweep finds.
 */
async function leaveNothing(storing: Storing): Promise<void> {
  if (!storing.touched) return;
  await Promise.allSettled([storing.upload?.abort()]);
  await Promise.allSettled([storing.bucket.delete(storing.key)]);
}

/**
 * Streams `body` to `key`, which must be new. A failure of R2 is `storage_unavailable`; what `body` throws comes out
 * as it is; either way nothing stays behind.
 */
export async function storeOriginal(
  bucket: R2Bucket,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: StoreOptions,
): Promise<StoredOriginal> {
  const storing: Storing = {
    bucket,
    key,
    httpMetadata: { contentType: options.contentType },
    buffers: partBuffers(options.sizeHint),
    digests: runningDigests(),
    sizeBytes: 0,
    upload: null,
    touched: false,
  };
  try {
    for await (const chunk of body) await take(storing, chunk);
    return storing.upload === null ? await finishWhole(storing) : await finishParted(storing);
  } catch (error) {
    await leaveNothing(storing);
    throw error;
  }
}

/** Harmless where there is nothing. */
export async function deleteOriginal(bucket: R2Bucket, key: string): Promise<void> {
  await fromStorage(() => bucket.delete(key));
}

/** What is known of an original without its bytes. */
export async function headOriginal(bucket: R2Bucket, key: string): Promise<R2Object | null> {
  return await fromStorage(() => bucket.head(key));
}

/** The whole, or one range of it that must lie within. Null where there is nothing. */
export async function openOriginal(bucket: R2Bucket, key: string, range?: R2Range): Promise<R2ObjectBody | null> {
  return await fromStorage(() => bucket.get(key, range === undefined ? {} : { range }));
}

/** Random access for the metadata readers: one R2 read per call, never past the end. */
export function originalSource(bucket: R2Bucket, key: string, sizeBytes: number) {
  return {
    sizeBytes,
    read: async (offset: number, length: number): Promise<Uint8Array> => {
      const within = Math.min(length, sizeBytes - offset);
      if (offset < 0 || within <= 0) return new Uint8Array(0);
      return await fromStorage(async () => {
        const found = await bucket.get(key, { range: { offset, length: within } });
        if (found === null) throw new Error(`no object under ${key}`);
        return await found.bytes();
      });
    },
  };
}
