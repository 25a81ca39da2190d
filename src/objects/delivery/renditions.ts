/** Stores rendered thumbnails and other variants: Cloudflare bills each unique transformation again every month. */
import { renditionKey } from "../keys.ts";
import { fromStorage } from "../storageErrors.ts";

export interface RenditionAddress {
  assetId: string;
  versionId: string;
  variant: string;
}

/** Overwriting a rendition after concurrent renderings is safe: both are the same image. */
export async function storeRendition(
  bucket: R2Bucket,
  { assetId, versionId, variant }: RenditionAddress,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  const key = renditionKey(assetId, versionId, variant);
  await fromStorage(() => bucket.put(key, bytes, { httpMetadata: { contentType } }));
}

/** Reads a stored rendition; null if it is missing. */
export async function readRendition(
  bucket: R2Bucket,
  { assetId, versionId, variant }: RenditionAddress,
): Promise<Uint8Array | null> {
  const key = renditionKey(assetId, versionId, variant);
  return await fromStorage(async () => (await (await bucket.get(key))?.bytes()) ?? null);
}

export async function hasRendition(
  bucket: R2Bucket,
  { assetId, versionId, variant }: RenditionAddress,
): Promise<boolean> {
  return (await fromStorage(() => bucket.head(renditionKey(assetId, versionId, variant)))) !== null;
}
