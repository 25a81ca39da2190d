import type { MediaFamily } from "../../media/inspect/formats.ts";
import { sniff } from "../../media/inspect/sniff.ts";

/** Renderers write AVIF as their only HEIF format. */
const types: Partial<Record<MediaFamily, string>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  heif: "image/avif",
};

/**
 * Returns the type of a renderer's output by its bytes, because it can differ from the requested one: Cloudflare Images
 * replaces an AVIF of more than 1,200 pixels by WebP or JPEG. Falls back to `declared`.
 */
export function contentTypeOf(bytes: Uint8Array, declared: string): string {
  const family = sniff(bytes);
  return (family === null ? undefined : types[family]) ?? declared;
}
