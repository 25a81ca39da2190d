import { open } from "node:fs/promises";
import type { ByteSource } from "../../src/media/inspect/bytes/byteSource.ts";

export interface FileSource extends ByteSource {
  readonly counts: { reads: number; bytes: number };
  close(): Promise<void>;
}

/** Opens a local file as a byte source that counts reads. */
export async function openFile(path: string): Promise<FileSource> {
  const file = await open(path);
  const { size } = await file.stat();
  const counts = { reads: 0, bytes: 0 };
  return {
    sizeBytes: size,
    counts,
    read: async (offset, length) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
      counts.reads += 1;
      counts.bytes += bytesRead;
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}
