/** Which originals the renderer can't take as they are, whatever account it runs on. */

/** What Cloudflare Images reads on every plan, through its binding. */
const rendered = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** The binding's documented limit for its input. */
const MAX_INPUT_BYTES = 20 * 1024 * 1024;

/** For these a picture is made once, in the background, from which all rungs come. */
export function needsDisplayProxy(mimeType: string, sizeBytes: number): boolean {
  return !rendered.has(mimeType) || sizeBytes > MAX_INPUT_BYTES;
}
