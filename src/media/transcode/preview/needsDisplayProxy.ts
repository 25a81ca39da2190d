/** Formats that Cloudflare Images reads through its binding on every plan. */
const renderableTypes = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** Documented input limit of the Images binding. */
const MAX_INPUT_BYTES = 20 * 1024 * 1024;

/** Returns whether the renderer can't read the original, so that a display proxy is made for all variants. */
export function needsDisplayProxy(mimeType: string, sizeBytes: number): boolean {
  return !renderableTypes.has(mimeType) || sizeBytes > MAX_INPUT_BYTES;
}
