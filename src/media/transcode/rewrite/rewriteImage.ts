/** A picture on its way through, with other metadata than it came with: JPEG or PNG, by what its bytes are. */
import { sniff, sniffBytes } from "../../inspect/sniff.ts";
import { Arriving } from "./streamReader.ts";
import type { PictureBytes } from "./malformedImage.ts";
import type { CarriedMetadata } from "./preservedMetadata.ts";
import { rewriteJpeg } from "./jpegRewrite.ts";
import { rewritePng } from "./pngRewrite.ts";

export type Rewritten =
  | ({ kind: "picture"; mimeType: "image/jpeg" | "image/png" } & PictureBytes)
  | { kind: "other" }
  | { kind: "empty" };

/** Reads the first bytes; the others flow as `bytes` is read, of which nothing must be kept back. */
export async function rewriteStill(body: AsyncIterable<Uint8Array>, carried: CarriedMetadata): Promise<Rewritten> {
  const arriving = new Arriving(body);
  const head = await arriving.peek(sniffBytes);
  if (head.length === 0) return { kind: "empty" };
  const family = sniff(head);
  if (family === "jpeg") return { kind: "picture", mimeType: "image/jpeg", ...rewriteJpeg(arriving, carried) };
  if (family === "png") return { kind: "picture", mimeType: "image/png", ...rewritePng(arriving, carried) };
  return { kind: "other" };
}
