/**
 * Inflates zlib data (RFC 1950) piece by piece. `DecompressionStream` ignores back pressure: it inflates all of its
 * input into memory, measured in workerd. node:zlib pauses until its output is read.
 */
import { pipeline, Readable } from "node:stream";
import { constants, createInflate, inflateSync } from "node:zlib";
import { outputCapacity } from "../inspect/bytes/decompression.ts";
import { TruncatedFileError } from "./jpeg/encodedJpeg.ts";

const MIN_OUTPUT_PIECE_BYTES = 1024;
const MAX_OUTPUT_PIECE_BYTES = 64 * 1024;
/** Input read ahead of the decompressor. Pieces of this size keep the streams' own queues short. */
export const INFLATE_INPUT_BYTES = 16 * 1024;
/** Upper bound of both streams' queues, zlib's window and its state. */
export const INFLATE_MEMORY_BYTES = 1024 * 1024;

/** Inflates a short zlib stream at once, as far as it goes; null if it is damaged or longer than `maxBytes`. */
export function inflateShort(bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    const maxOutputLength = outputCapacity(maxBytes);
    const output = inflateSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });
    return output.length <= maxBytes ? output : null;
  } catch {
    return null;
  }
}

/** A function, because TypeScript's narrowing ignores the assignment in the generator. */
function rethrow(error: Error | null): void {
  if (error !== null) throw error;
}

/**
 * Yields the inflated bytes of `input`, whose pieces should have `INFLATE_INPUT_BYTES`. `expectedBytes` sizes the output
 * buffer. Incomplete data ends early; damaged data throws `TruncatedFileError` with the text `damage`, and errors of
 * `input` pass through. Ending the iteration early closes both streams.
 */
export async function* inflateStream(
  input: AsyncIterable<Uint8Array>,
  expectedBytes: number,
  damage: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let inputError: Error | null = null;
  async function* observed(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* input;
    } catch (error) {
      inputError = error instanceof Error ? error : new Error(String(error));
      throw inputError;
    }
  }
  const chunkSize = Math.max(MIN_OUTPUT_PIECE_BYTES, Math.min(expectedBytes, MAX_OUTPUT_PIECE_BYTES));
  // With this flush an incomplete stream yields what there is; callers know how many bytes they need.
  const inflate = createInflate({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH });
  // The iteration below reports the error; the callback only keeps it from being unhandled.
  pipeline(Readable.from(observed(), { highWaterMark: 1 }), inflate, () => undefined);
  try {
    for await (const piece of inflate) {
      if (piece instanceof Uint8Array) yield piece;
    }
  } catch (error) {
    rethrow(inputError);
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      throw new TruncatedFileError(damage);
    }
    throw error;
  } finally {
    inflate.destroy();
  }
}
