/** Reads stored bytes again and compares their digest with the recorded one. */
import { fromStorage } from "../storageErrors.ts";

/** Base64; null if there is no object. The bytes are streamed, so memory does not grow with the range. */
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
  /** First byte and number of bytes; the whole file where there are no part checksums. */
  firstByte: number;
  byteCount: number;
  algorithm: "SHA-256" | "MD5";
  /** Base64. */
  digest: string;
}

/**
 * Null: the bytes are as expected, or there is no object. Otherwise the digest of what is stored, after a second read
 * gave another digest than expected too: a broken connection must not look like damage.
 */
export async function findCorruption(bucket: R2Bucket, key: string, expected: Expectation): Promise<string | null> {
  const range = { offset: expected.firstByte, length: expected.byteCount };
  const first = await digestOf(bucket, key, range, expected.algorithm);
  if (first === null || first === expected.digest) return null;
  const second = await digestOf(bucket, key, range, expected.algorithm);
  return second === expected.digest ? null : second;
}
