/** Receives a poster into one buffer of the memory that all uploads share. */
import { AppError } from "../../../kernel/errors.ts";
import { PART_BYTES } from "../../../objects/uploads/partBuffers.ts";
import { uploadMemory } from "../../../objects/uploads/uploadMemory.ts";
import type { FacedAsset } from "../../../records/assets/assets.ts";
import type { Principal } from "../../accounts/authentication.ts";
import type { Context } from "../../context.ts";
import { putPoster } from "./posters.ts";

/** Input limit of the image renderer. */
export const MAX_POSTER_BYTES = 20 * 1024 * 1024;

export interface PosterBody {
  chunks: AsyncIterable<Uint8Array>;
  /** Content-Length; null if unknown, which takes memory for the largest poster. */
  sizeBytes: number | null;
}

function tooLarge(): AppError {
  return new AppError("payload_too_large", "poster image is larger than 20 MiB");
}

/**
 * Sets a video's poster from a request body, which waits while other uploads use the memory.
 *
 * @throws {AppError} `payload_too_large` over 20 MiB; `storage_unavailable` for a slow body while others wait; and as
 *   `putPoster`.
 */
export async function receivePoster(
  context: Context,
  principal: Principal,
  assetId: string,
  { chunks, sizeBytes }: PosterBody,
): Promise<FacedAsset> {
  if (sizeBytes !== null && sizeBytes > MAX_POSTER_BYTES) throw tooLarge();
  const lease = uploadMemory.lease();
  try {
    const buffer = await lease.allocate(sizeBytes ?? MAX_POSTER_BYTES);
    let length = 0;
    for await (const chunk of chunks) {
      lease.requireActive();
      if (length + chunk.byteLength > buffer.byteLength) throw tooLarge();
      buffer.set(chunk, length);
      // Slow clients get as much time for each part as those that upload files.
      if (Math.floor(length / PART_BYTES) < Math.floor((length + chunk.byteLength) / PART_BYTES)) lease.startPart();
      length += chunk.byteLength;
    }
    lease.finishReceiving();
    return await putPoster(context, principal, assetId, buffer.subarray(0, length));
  } finally {
    lease.release();
  }
}
