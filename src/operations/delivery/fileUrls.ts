/** Which stored file the first generation's byte routes mean: the download, and a picture by its size. */
import { notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { MediaAddress } from "./urlSigner.ts";
import { variantOf, type Rung } from "./variants.ts";

export const pictureSizes = ["thumbnail", "small", "preview", "fullsize", "original"] as const;
export type PictureSize = (typeof pictureSizes)[number];

/** The bytes of the current rendering. */
export function downloadAddress(asset: Asset): MediaAddress {
  return { assetId: asset.id, versionId: asset.currentVersionId, variant: "original" };
}

function rungAddress(assetId: string, versionId: string, rung: Rung, mediaType: Asset["mediaType"]): MediaAddress {
  return { assetId, versionId, variant: variantOf(rung, mediaType) };
}

/** A video's picture is its still, whose full size stands for the original. */
export function pictureAddress(asset: Asset, size: PictureSize): MediaAddress {
  const { id, mediaType, currentVersionId, stillVersionId } = asset;
  if (mediaType === "image") {
    return size === "original" ? downloadAddress(asset) : rungAddress(id, currentVersionId, size, mediaType);
  }
  if (stillVersionId === null) throw notFound("still of this video");
  return rungAddress(id, stillVersionId, size === "original" ? "fullsize" : size, mediaType);
}
