/** Reads stored bytes again and compares their digest with the recorded one. */
import { fromStorage } from "../storageErrors.ts";

/** Returns a base64 digest; null if the object is missing. Streams the bytes, so that memory use is constant. */
async function digestOf(
  bucket: R2Bucket,
  key: string,
  range: { offset: number; length: number },
  algorithm: "SHA-256" | "MD5",
): Promise<string | null> {
  return await fromStorage(async () => {
    const object = await bucket.get(key, { range });
    if (object === null) return null;
    const stream = new crypto.DigestStream(algorithm);
    await object.body.pipeTo(stream);
    return new Uint8Array(await stream.digest).toBase64();
  });
}

export interface Expectation {
  /** First byte and number of bytes; the whole file without part checksums. */
  firstByte: number;
  byteCount: number;
  algorithm: "SHA-256" | "MD5";
  /** Base64. */
  digest: string;
}

/**
 * Returns the digest of corrupted bytes; null if they are as expected or the object is missing. A second read has to
 * confirm the corruption, because a broken connection can look like damage.
 */
export async function findCorruption(bucket: R2Bucket, key: string, expected: Expectation): Promise<string | null> {
  const range = { offset: expected.firstByte, length: expected.byteCount };
  const first = await digestOf(bucket, key, range, expected.algorithm);
  if (first === null || first === expected.digest) return null;
  const second = await digestOf(bucket, key, range, expected.algorithm);
  return second === expected.digest ? null : second;
}
