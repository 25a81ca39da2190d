/** Rendered rungs, kept after their first rendering: Cloudflare bills each unique transformation again every month. */
import { renditionKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

export interface RenditionAddress {
  assetId: string;
  versionId: string;
  rung: string;
  format: string;
}

/** Written twice, by two places that rendered at once, it is the same picture. */
export async function storeRendition(
  bucket: R2Bucket,
  { assetId, versionId, rung, format }: RenditionAddress,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  const key = renditionKey(assetId, versionId, rung, format);
  await fromStorage(() => bucket.put(key, bytes, { httpMetadata: { contentType } }));
}
