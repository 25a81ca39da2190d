import { sniff, SNIFF_BYTES } from "../../inspect/sniff.ts";
import { StreamReader } from "./streamReader.ts";
import type { RewrittenBytes } from "./malformedImage.ts";
import type { PreservedMetadata } from "./preservedMetadata.ts";
import { rewriteJpeg } from "./jpegRewrite.ts";
import { rewritePng } from "./pngRewrite.ts";

export type RewriteResult =
  | ({ kind: "image"; mimeType: "image/jpeg" | "image/png" } & RewrittenBytes)
  | { kind: "other" }
  | { kind: "empty" };

/**
 * Detects JPEG or PNG from the first bytes and replaces the metadata. The rest of `body` is read while `bytes` is
 * iterated.
 */
export async function rewriteImage(
  body: AsyncIterable<Uint8Array>,
  metadata: PreservedMetadata,
): Promise<RewriteResult> {
  const reader = new StreamReader(body);
  const head = await reader.peek(SNIFF_BYTES);
  if (head.length === 0) return { kind: "empty" };
  const family = sniff(head);
  if (family === "jpeg") return { kind: "image", mimeType: "image/jpeg", ...rewriteJpeg(reader, metadata) };
  if (family === "png") return { kind: "image", mimeType: "image/png", ...rewritePng(reader, metadata) };
  return { kind: "other" };
}
