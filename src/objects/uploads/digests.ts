/** SHA-256 and SHA-1 of bytes that come in pieces. Holds no piece once `add` has returned. */

export interface Checksums {
  sha256: ArrayBuffer;
  sha1: ArrayBuffer;
}

export interface RunningDigests {
  add(bytes: Uint8Array): Promise<void>;
  finish(): Promise<Checksums>;
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
  /** Base64, as the API shows it. */
  finish(): Promise<string>;
}

export function runningSha256(): RunningSha256 {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    add: async (bytes) => await writer.write(bytes),
    finish: async () => {
      await writer.close();
      return base64Of(await stream.digest);
    },
  };
}

export function base64Of(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
