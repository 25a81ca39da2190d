/** Incremental checksums. Bytes passed to `add` may be overwritten once it has resolved. */

export interface RunningDigests {
  add(bytes: Uint8Array): Promise<void>;
  finish(): Promise<{ sha256: ArrayBuffer; sha1: ArrayBuffer }>;
}

export function runningDigests(): RunningDigests {
  const streams = [new crypto.DigestStream("SHA-256"), new crypto.DigestStream("SHA-1")] as const;
  const writers = streams.map((stream) => stream.getWriter());
  return {
    add: async (bytes) => {
      await Promise.all(writers.map((writer) => writer.write(bytes)));
    },
    finish: async () => {
      await Promise.all(writers.map((writer) => writer.close()));
      const [sha256, sha1] = await Promise.all([streams[0].digest, streams[1].digest]);
      return { sha256, sha1 };
    },
  };
}

/** Bytes of an MD5 digest. */
export const MD5_BYTES = 16;

/**
 * The etag that R2 gives a multipart object, as S3 does: the MD5 of its parts' concatenated MD5 digests, and their
 * number.
 */
export async function multipartEtag(md5s: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("MD5", md5s));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex}-${md5s.byteLength / MD5_BYTES}`;
}

export interface RunningSha256 {
  add(bytes: Uint8Array): Promise<void>;
  /** Base64. */
  finish(): Promise<string>;
}

export function runningSha256(): RunningSha256 {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    add: async (bytes) => await writer.write(bytes),
    finish: async () => {
      await writer.close();
      return new Uint8Array(await stream.digest).toBase64();
    },
  };
}
