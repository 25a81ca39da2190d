/** Hands a stored original to a parser, which takes what it cannot read for damage. Knows no format. */
import type { ByteSource } from "../../media/inspect/bytes/byteSource.ts";
import { originalSource } from "../../objects/uploads/originals.ts";

/** A store that fails says nothing of the file: the call fails with it, and the client tries again. */
export async function parseOriginal<T>(
  bucket: R2Bucket,
  { key, sizeBytes }: { key: string; sizeBytes: number },
  parse: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = originalSource(bucket, key, sizeBytes);
  const failures: unknown[] = [];
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    try {
      return await source.read(offset, length);
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  const parsed = await parse({ sizeBytes, read });
  if (failures.length > 0) throw failures[0];
  return parsed;
}
