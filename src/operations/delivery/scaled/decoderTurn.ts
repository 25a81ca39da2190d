/**
 * Lets one image decoder run at a time in an isolate, and shares the 128 MB of the isolate between it and the uploads.
 */
import { uploadMemory } from "../../../objects/uploads/uploadMemory.ts";
import { turns } from "./turns.ts";

/** Memory of the uploads and the decoder together. 16 MB remain for the code and small objects. */
export const MAX_SHARED_MEMORY_BYTES = 112 * 1024 * 1024;
/**
 * Decoding and encoding a preview in turn: 21 MB of the decoder, 48 MB of the encoder and the pixels. Leaves uploads all
 * of their memory.
 */
export const RENDITION_MEMORY_BYTES = 80 * 1024 * 1024;
/**
 * A decoder starts after this time even if uploads still use more than it leaves to them: clients may take a minute to
 * send the part whose buffer they hold.
 */
export const MAX_UPLOAD_WAIT_MS = 10_000;
const POLL_MS = 10;
/** Longest turn of a decoder. A conversion takes up to 20 s of CPU. */
export const MAX_DECODER_HOLD_MS = 120_000;

const decoderTurns = turns(1, MAX_DECODER_HOLD_MS);

/** Limits the uploads to what the decoder leaves, and waits for those that use more. */
async function shareMemory(decoderBytes: number, memory: typeof uploadMemory): Promise<void> {
  const startedMs = Date.now();
  const leftBytes = memory.limit(MAX_SHARED_MEMORY_BYTES - decoderBytes, startedMs + MAX_DECODER_HOLD_MS);
  while (memory.usedBytes() > leftBytes && Date.now() - startedMs < MAX_UPLOAD_WAIT_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Runs `decode` while no other decoder of the isolate runs. `memoryBytes` is the most that it holds at once, its input
 * included. A decoder must not wait for another turn.
 */
export async function withDecoder<T>(
  memoryBytes: number,
  decode: () => Promise<T>,
  uploads = uploadMemory,
): Promise<T> {
  const end = await decoderTurns.take(1);
  try {
    await shareMemory(memoryBytes, uploads);
    return await decode();
  } finally {
    if (end()) uploads.limit(MAX_SHARED_MEMORY_BYTES, 0);
  }
}
