/**
 * Stores originals while hashing them, reads them whole or by range, and deletes them. Buffers one part of a file, or
 * two while the memory that all uploads share allows it.
 */
import { runningDigests, type RunningDigests } from "./digests.ts";
import { partBuffers, type PartBuffers } from "./partBuffers.ts";
import { startMultipartUpload, type MultipartUpload } from "./multipartUpload.ts";
import { fromStorage } from "../storageErrors.ts";
import { uploadMemory, type UploadMemory } from "./uploadMemory.ts";

export interface StoreOptions {
  contentType: string;
  /** The approximate size, used only for the first allocation. */
  sizeHint: number | null;
  /**
   * Returns a file of one part as `head`. The caller must call `releaseHead`, or its memory is lost for other uploads.
   */
  keepsHead?: boolean;
  memory?: UploadMemory;
}

export interface PartChecksums {
  /** Size of every part but the last. */
  partBytes: number;
  /** The MD5 digests in order, 16 bytes each, base64. */
  md5s: string;
}

export interface StoredOriginal {
  /** 0: the body was empty, and no object is stored. */
  sizeBytes: number;
  /** Base64, as in the API. */
  sha256: string;
  sha1: string;
  etag: string | null;
  /** Checksums of the parts of a multipart upload; null for a single `put`. */
  parts: PartChecksums | null;
  /** The whole file if it fits the first part, which saves R2 reads for its metadata. See `keepsHead`. */
  head: Uint8Array | null;
  /** Frees `head`, which becomes empty. */
  releaseHead: () => void;
  peakBufferedBytes: number;
}

/** The methods of a bucket that storing a file uses. */
export interface OriginalsBucket extends Pick<R2Bucket, "createMultipartUpload"> {
  put(key: string, bytes: Uint8Array, options: R2PutOptions): Promise<{ etag: string }>;
  delete(key: string): Promise<void>;
}

interface Storing {
  bucket: OriginalsBucket;
  key: string;
  httpMetadata: R2HTTPMetadata;
  buffers: PartBuffers;
  digests: RunningDigests;
  sizeBytes: number;
  upload: MultipartUpload | null;
  /** Size of the first part, which all but the last share. */
  partBytes: number;
  /** An object or an unfinished upload may exist under the key. */
  mayExist: boolean;
  keepsHead: boolean;
}

/** Hashes the part while it is sent. */
async function sendPart(storing: Storing): Promise<MultipartUpload> {
  const part = storing.buffers.filled();
  storing.mayExist = true;
  storing.partBytes = Math.max(storing.partBytes, part.byteLength);
  const upload = await fromStorage(async () => {
    const { bucket, key, httpMetadata } = storing;
    storing.upload ??= await startMultipartUpload(bucket, key, { httpMetadata });
    await storing.upload.send(part);
    return storing.upload;
  });
  await storing.digests.add(part);
  return upload;
}

/** A full part is sent once another byte has arrived: a file of exactly one part is a single `put`. */
async function append(storing: Storing, chunk: Uint8Array): Promise<void> {
  storing.sizeBytes += chunk.byteLength;
  let rest = chunk.subarray(await storing.buffers.fill(chunk));
  while (rest.byteLength > 0) {
    const upload = await sendPart(storing);
    await storing.buffers.next(() => fromStorage(() => upload.settled()));
    rest = rest.subarray(await storing.buffers.fill(rest));
  }
}

function toBase64(digests: { sha256: ArrayBuffer; sha1: ArrayBuffer }): { sha256: string; sha1: string } {
  return { sha256: new Uint8Array(digests.sha256).toBase64(), sha1: new Uint8Array(digests.sha1).toBase64() };
}

async function finishSinglePart(storing: Storing): Promise<StoredOriginal> {
  const { bucket, key, httpMetadata, sizeBytes, buffers } = storing;
  const bytes = buffers.filled();
  await storing.digests.add(bytes);
  const digests = await storing.digests.finish();
  const stored = { ...toBase64(digests), sizeBytes, parts: null, peakBufferedBytes: buffers.peakBytes() };
  if (sizeBytes === 0) return { ...stored, etag: null, head: null, releaseHead: () => undefined };
  storing.mayExist = true;
  // R2 hashes the received bytes and rejects the object if the checksum differs.
  const { etag } = await fromStorage(() => bucket.put(key, bytes, { httpMetadata, sha256: digests.sha256 }));
  if (!storing.keepsHead) buffers.release();
  return { ...stored, etag, head: storing.keepsHead ? bytes : null, releaseHead: () => buffers.release() };
}

async function finishMultipart(storing: Storing): Promise<StoredOriginal> {
  const upload = await sendPart(storing);
  const digests = await storing.digests.finish();
  const { object, md5s } = await fromStorage(() => upload.complete());
  const parts = { partBytes: storing.partBytes, md5s: md5s.toBase64() };
  const { sizeBytes, buffers } = storing;
  buffers.release();
  return {
    ...toBase64(digests),
    sizeBytes,
    etag: object.etag,
    parts,
    head: null,
    releaseHead: () => undefined,
    peakBufferedBytes: buffers.peakBytes(),
  };
}

/**
 * Aborts the upload and deletes the object, because a failed call may still have been executed. Keys are unique, so the
 * delete affects only this upload. R2 drops unfinished uploads after 7 days; the sweep deletes remaining objects.
 */
async function cleanUp(storing: Storing): Promise<void> {
  storing.buffers.release();
  if (!storing.mayExist) return;
  await Promise.allSettled([storing.upload?.abort()]);
  await Promise.allSettled([storing.bucket.delete(storing.key)]);
}

/**
 * Streams `body` to `key`, which must be new. Throws `storage_unavailable` if R2 fails, or if the body is slow while
 * other uploads wait, and errors of `body` unchanged; then the object is deleted.
 */
export async function storeOriginal(
  bucket: OriginalsBucket,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: StoreOptions,
): Promise<StoredOriginal> {
  const storing: Storing = {
    bucket,
    key,
    httpMetadata: { contentType: options.contentType },
    buffers: partBuffers(options.sizeHint, options.memory ?? uploadMemory),
    digests: runningDigests(),
    sizeBytes: 0,
    upload: null,
    partBytes: 0,
    mayExist: false,
    keepsHead: options.keepsHead ?? false,
  };
  try {
    for await (const chunk of body) await append(storing, chunk);
    storing.buffers.finish();
    return storing.upload === null ? await finishSinglePart(storing) : await finishMultipart(storing);
  } catch (error) {
    await cleanUp(storing);
    throw error;
  }
}

/** Deletes an original. A missing object is ignored. */
export async function deleteOriginal(bucket: R2Bucket, key: string): Promise<void> {
  await fromStorage(() => bucket.delete(key));
}

/** Returns size, etag and type of an original; null if the object is missing. */
export async function headOriginal(bucket: R2Bucket, key: string): Promise<R2Object | null> {
  return await fromStorage(() => bucket.head(key));
}

/** Opens the object, or one range within it. Returns null if the object is missing. */
export async function openOriginal(bucket: R2Bucket, key: string, range?: R2Range): Promise<R2ObjectBody | null> {
  return await fromStorage(() => bucket.get(key, range === undefined ? {} : { range }));
}

/** Random access for the metadata readers: one R2 read per call, limited to the size of the file. */
export function originalSource(bucket: R2Bucket, key: string, sizeBytes: number) {
  return {
    sizeBytes,
    read: async (offset: number, length: number): Promise<Uint8Array> => {
      const within = Math.min(length, sizeBytes - offset);
      if (offset < 0 || within <= 0) return new Uint8Array(0);
      return await fromStorage(async () => {
        const object = await bucket.get(key, { range: { offset, length: within } });
        if (object === null) throw new Error(`object not found: ${key}`);
        return await object.bytes();
      });
    },
  };
}
