/** Incremental checksums. Bytes passed to `add` are not kept once it has returned. */

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
