import type { ByteSource } from "../../media/inspect/bytes/byteSource.ts";
import { originalSource } from "../../objects/uploads/originals.ts";

/**
 * Runs a parser on a stored original. Parsers treat read errors as file damage, so an R2 failure during the parse is
 * rethrown here and the client retries.
 */
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
