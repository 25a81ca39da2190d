/** Output limits of the decompressors, at sizes of output between the powers of two. */
import { brotliCompressSync, deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { decompressBrotliBlock, inflate } from "../../../src/media/inspect/bytes/decompression.ts";
import { inspectionBudget } from "../../../src/media/inspect/bytes/inspectionBudget.ts";
import { inflateShort } from "../../../src/media/transcode/inflateStream.ts";

/** From 1 byte to the pixels of a rendered image, in steps of 7 %. */
function outputSizes(): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < 1_100_000; size = Math.ceil(size * 1.07)) sizes.push(size);
  return sizes;
}

const compressors = {
  inflate: { compress: deflateSync, decompress: inflate },
  "inflateShort, as far as a stream goes": {
    compress: deflateSync,
    decompress: (bytes: Uint8Array, maxBytes: number) => Promise.resolve(inflateShort(bytes, maxBytes)),
  },
  decompressBrotliBlock: {
    compress: brotliCompressSync,
    decompress: (bytes: Uint8Array, maxBytes: number) => decompressBrotliBlock(bytes, maxBytes, inspectionBudget()),
  },
};

it.each(Object.entries(compressors))(
  "%s: output of exactly the limit is returned, one byte more is not",
  async (_, { compress, decompress }) => {
    const refused: number[] = [];
    const exceeding: number[] = [];
    for (const size of outputSizes()) {
      const compressed = compress(new Uint8Array(size).fill(65));
      if ((await decompress(compressed, size))?.length !== size) refused.push(size);
      if (size > 1 && (await decompress(compressed, size - 1)) !== null) exceeding.push(size);
    }
    expect({ refused, exceeding }).toEqual({ refused: [], exceeding: [] });
  },
);
