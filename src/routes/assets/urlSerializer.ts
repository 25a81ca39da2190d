/** Serializes `asset_urls`: the thumbnail by default, every variant with `include=variants`. */
import { downloadName } from "../../operations/delivery/downloadName.ts";
import {
  renditionFormat,
  VARIANT_EDGES_PX,
  variants,
  variantWidth,
  variantName,
  type Variant,
} from "../../operations/delivery/variants.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import type { DisplayableAsset } from "../../operations/delivery/displaySource.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import type { VariantBody } from "./variantSchemas.ts";

type SizedAsset = DisplayableAsset & Pick<Asset, "width" | "height" | "trashedAt">;

type NamedAsset = SizedAsset & Pick<Asset, "originalFileName" | "mimeType">;

/** Version that supplies the image; null for a video without a poster. */
function displayVersionId(asset: SizedAsset): string | null {
  return asset.mediaType === "video" ? asset.posterVersionId : asset.currentVersionId;
}

/** Edge URLs expose their source URL, so the source is the preview, which is free of metadata. */
async function variantUrl(
  asset: SizedAsset,
  versionId: string,
  variant: Variant,
  urls: MediaUrlBuilder,
): Promise<string> {
  const edgePx = VARIANT_EDGES_PX[variant];
  const resizedByEdge = urls.resizedUrl !== null && edgePx !== null;
  const signedVariant = variantName(resizedByEdge ? "preview" : variant, asset.mediaType);
  const { id: assetId, trashedAt } = asset;
  const url = await urls.sign({ assetId, versionId, variant: signedVariant, trashedAt });
  return urls.resizedUrl !== null && edgePx !== null ? urls.resizedUrl(url, edgePx) : url;
}

/** Returns null for videos, because the database lacks the dimensions of posters. */
function widthOf(asset: SizedAsset, variant: Variant): number | null {
  return asset.mediaType === "video" ? null : variantWidth(variant, asset.width, asset.height);
}

async function serializeVariant(
  asset: SizedAsset,
  versionId: string,
  variant: Variant,
  urls: MediaUrlBuilder,
): Promise<VariantBody> {
  const url = await variantUrl(asset, versionId, variant, urls);
  // A video's poster has other dimensions than the video.
  const longestEdgePx = asset.mediaType === "image" ? Math.max(asset.width, asset.height) : 0;
  return { url, mimetype: `image/${renditionFormat(variant, longestEdgePx)}`, width: widthOf(asset, variant) };
}

/** The thumbnail that represents an asset as the cover of an album or a person. */
export async function serializeThumbnail(asset: SizedAsset, urls: MediaUrlBuilder): Promise<VariantBody | null> {
  const versionId = displayVersionId(asset);
  return versionId === null ? null : await serializeVariant(asset, versionId, "thumbnail", urls);
}

async function serializeOriginal(asset: NamedAsset, urls: MediaUrlBuilder): Promise<VariantBody> {
  const { id: assetId, currentVersionId: versionId, trashedAt } = asset;
  const fileName = downloadName(asset.originalFileName, asset.mimeType);
  const url = await urls.sign({ assetId, versionId, variant: "original", trashedAt, downloadName: fileName });
  return { url, mimetype: asset.mimeType, width: asset.width === 0 ? null : asset.width };
}

export async function serializeAssetUrls(
  asset: NamedAsset,
  all: boolean,
  urls: MediaUrlBuilder,
): Promise<Record<string, VariantBody>> {
  const versionId = displayVersionId(asset);
  if (versionId === null) return { original: await serializeOriginal(asset, urls) };
  if (!all) {
    return { [variantName("thumbnail", asset.mediaType)]: await serializeVariant(asset, versionId, "thumbnail", urls) };
  }
  const entries = await Promise.all(
    variants.map(
      async (variant) =>
        [variantName(variant, asset.mediaType), await serializeVariant(asset, versionId, variant, urls)] as const,
    ),
  );
  return { original: await serializeOriginal(asset, urls), ...Object.fromEntries(entries) };
}
