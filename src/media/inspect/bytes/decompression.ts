/** Decompresses metadata blocks with node:zlib, whose output can be limited; `DecompressionStream` lacks a limit. */
import { brotliDecompress, inflate as zlibInflate } from "node:zlib";
import { DECOMPRESSION_COST_BYTES, type InspectionBudget } from "./inspectionBudget.ts";

/** Deflate's largest ratio of output to input (zlib technical details). */
const MAX_DEFLATE_RATIO = 1032;

type Decompressor = (bytes: Uint8Array, maxOutputBytes: number) => Promise<Uint8Array | null>;

/** Two chunks of node:zlib, 16 KiB each. */
const SPARE_CAPACITY_BYTES = 32 * 1024;

/**
 * The `maxOutputLength` with which node:zlib returns any output of up to `maxBytes`. workerd compares it with the
 * capacity of the output buffer, which doubles as it grows, so longer output may be returned too.
 */
export function outputCapacity(maxBytes: number): number {
  return 2 * maxBytes + SPARE_CAPACITY_BYTES;
}

type ZlibFunction = (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: Error | null, output: Uint8Array) => void,
) => void;

function limitOutput(decompress: ZlibFunction): Decompressor {
  return (bytes, maxBytes) =>
    new Promise((resolve) => {
      decompress(bytes, { maxOutputLength: outputCapacity(maxBytes) }, (error, output) =>
        resolve(error === null && output.length <= maxBytes ? new Uint8Array(output) : null),
      );
    });
}

/** Decompresses a zlib stream (RFC 1950); null if it is invalid or its output exceeds `maxBytes`. */
export const inflate: Decompressor = limitOutput(zlibInflate);

/** Decompresses a Brotli stream (RFC 7932); null as for `inflate`. */
const decompressBrotli: Decompressor = limitOutput(brotliDecompress);

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
