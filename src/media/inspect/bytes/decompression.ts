/** Decompresses metadata blocks with node:zlib, which stops at an output limit; `DecompressionStream` doesn't. */
import { brotliDecompress, inflate as zlibInflate } from "node:zlib";
import { DECOMPRESSION_COST_BYTES, type InspectionBudget } from "./inspectionBudget.ts";

/** Deflate's largest ratio of output to input (zlib technical details). */
const MAX_DEFLATE_RATIO = 1032;

type Decompressor = (bytes: Uint8Array, maxOutputBytes: number) => Promise<Uint8Array | null>;

/** Decompresses a zlib stream (RFC 1950); null if it is invalid or its output exceeds `maxBytes`. */
export const inflate: Decompressor = (bytes, maxBytes) =>
  new Promise((resolve) => {
    zlibInflate(bytes, { maxOutputLength: maxBytes }, (error, output) =>
      resolve(error === null ? new Uint8Array(output) : null),
    );
  });

/** Decompresses a Brotli stream (RFC 7932); null as for `inflate`. */
const decompressBrotli: Decompressor = (bytes, maxBytes) =>
  new Promise((resolve) => {
    brotliDecompress(bytes, { maxOutputLength: maxBytes }, (error, output) =>
      resolve(error === null ? new Uint8Array(output) : null),
    );
  });

/** A failed attempt is charged with the most that it could have produced. */
async function decompressWithin(
  decompress: Decompressor,
  bytes: Uint8Array,
  maxOutputBytes: number,
  budget: InspectionBudget,
): Promise<Uint8Array | null> {
  if (!budget.spend(DECOMPRESSION_COST_BYTES + bytes.length)) return null;
  const limit = Math.min(maxOutputBytes, budget.remainingBytes());
  if (limit === 0) return null;
  const output = await decompress(bytes, limit);
  budget.spend(output?.length ?? limit);
  return output;
}

/** Inflates a metadata block; null if it is invalid, or its output exceeds `maxBytes` or the budget. */
export function inflateBlock(
  bytes: Uint8Array,
  maxBytes: number,
  budget: InspectionBudget,
): Promise<Uint8Array | null> {
  return decompressWithin(inflate, bytes, Math.min(maxBytes, bytes.length * MAX_DEFLATE_RATIO), budget);
}

/** Decompresses a Brotli block; null as for `inflateBlock`. */
export function decompressBrotliBlock(
  bytes: Uint8Array,
  maxBytes: number,
  budget: InspectionBudget,
): Promise<Uint8Array | null> {
  return decompressWithin(decompressBrotli, bytes, maxBytes, budget);
}
