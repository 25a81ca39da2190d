import type { MediaFamily } from "../../inspect/formats.ts";

/** Formats that Cloudflare Images reads through its binding on every plan. */
const renderableFamilies: readonly MediaFamily[] = ["jpeg", "png", "gif", "webp"];
const renderableTypes: readonly string[] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/** Documented input limit of the Images binding. */
export const MAX_RENDER_INPUT_BYTES = 20 * 1024 * 1024;

export interface StoredImage {
  /** Detected from the bytes; null if unknown. */
  family: MediaFamily | null;
  /** Derived from the file name; decides for bytes of an unknown format. */
  mimeType: string;
  sizeBytes: number;
}

/** Returns whether all variants need a display proxy: the renderer rejects the original's format or size. */
export function needsDisplayProxy({ family, mimeType, sizeBytes }: StoredImage): boolean {
  const isRenderable = family === null ? renderableTypes.includes(mimeType) : renderableFamilies.includes(family);
  return !isRenderable || sizeBytes > MAX_RENDER_INPUT_BYTES;
}
