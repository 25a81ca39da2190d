/**
 * The globals of Workers that Node lacks, and WebCrypto as workerd runs it: in the caller's thread. Node would move
 * digests and signatures to other threads, whose time would be missing.
 */
import { createHash, hash, timingSafeEqual } from "node:crypto";

type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

function bytesOf(data: Bytes): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function bufferOf(digest: Buffer): ArrayBuffer {
  return new Uint8Array(digest).buffer;
}

function nodeName(algorithm: string): string {
  return algorithm.replace("-", "").toLowerCase();
}

/** `crypto.DigestStream`, as far as uploads use it. */
class DigestStream {
  readonly digest: Promise<ArrayBuffer>;
  readonly #hash;
  readonly #finished = Promise.withResolvers<ArrayBuffer>();

  constructor(algorithm: string) {
    this.#hash = createHash(nodeName(algorithm));
    this.digest = this.#finished.promise;
  }

  getWriter() {
    return {
      write: async (bytes: Uint8Array): Promise<void> => void this.#hash.update(bytes),
      close: async (): Promise<void> => this.#finished.resolve(bufferOf(this.#hash.digest())),
    };
  }
}

const SHA256_BLOCK_BYTES = 64;

interface HmacKey {
  inner: Uint8Array;
  outer: Uint8Array;
}

/** A key of at most one block (RFC 2104). */
function hmacKey(secret: Uint8Array): HmacKey {
  const padded = (pad: number) => new Uint8Array(SHA256_BLOCK_BYTES).map((_, i) => (secret[i] ?? 0) ^ pad);
  return { inner: padded(0x36), outer: padded(0x5c) };
}

function sha256(...parts: Uint8Array[]): Buffer {
  return hash("sha256", Buffer.concat(parts), "buffer");
}

/** Takes 3 microseconds, like a signature in workerd. `createHmac` takes 9 and prepares the key again each time. */
function hmac({ inner, outer }: HmacKey, data: Bytes): Buffer {
  return sha256(outer, sha256(inner, bytesOf(data)));
}

const subtle = {
  digest: async (algorithm: string, data: Bytes): Promise<ArrayBuffer> =>
    bufferOf(hash(nodeName(algorithm), bytesOf(data), "buffer")),
  importKey: async (_format: string, secret: Bytes): Promise<HmacKey> => hmacKey(bytesOf(secret)),
  sign: async (_algorithm: string, key: HmacKey, data: Bytes): Promise<ArrayBuffer> => bufferOf(hmac(key, data)),
  verify: async (_algorithm: string, key: HmacKey, signature: Bytes, data: Bytes): Promise<boolean> =>
    timingSafeEqual(hmac(key, data), bytesOf(signature)),
  timingSafeEqual: (one: Bytes, other: Bytes): boolean => timingSafeEqual(bytesOf(one), bytesOf(other)),
};

/** Replaces `globalThis.crypto`. */
export function installWorkerGlobals(): void {
  const replacement = {
    subtle,
    DigestStream,
    getRandomValues: crypto.getRandomValues.bind(crypto),
    randomUUID: crypto.randomUUID.bind(crypto),
  };
  Object.defineProperty(globalThis, "crypto", { value: replacement, configurable: true });
}
