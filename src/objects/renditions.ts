/** Rendered rungs, kept after their first rendering: Cloudflare bills each unique transformation again every month. */
import { renditionKey } from "./keys.ts";
import { fromStorage } from "./storage.ts";

export interface RenditionAddress {
  assetId: string;
  versionId: string;
  rung: string;
  format: string;
}

export function renditionKeyOf(address: RenditionAddress): string {
  return renditionKey(address.assetId, address.versionId, address.rung, address.format);
}

/** Written twice, by two places that rendered at once, it is the same picture. */
export async function storeRendition(
  bucket: R2Bucket,
  address: RenditionAddress,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  await fromStorage(() => bucket.put(renditionKeyOf(address), bytes, { httpMetadata: { contentType } }));
}
