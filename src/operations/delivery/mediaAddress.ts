import { notFound } from "../../kernel/errors.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { Principal } from "../accounts/authentication.ts";
import { getAsset } from "../assets/assets.ts";
import type { Context } from "../context.ts";
import { getFace } from "../faces/faces.ts";
import { downloadName } from "./downloadName.ts";
import { cropVariantName } from "./faceCrops/faceCropNames.ts";
import type { MediaAddress } from "./urlSigner.ts";
import { variantName, type Variant } from "./variants.ts";

/** Values of the `size` parameter of the file routes. */
export const imageSizes = ["thumbnail", "small", "preview", "fullsize", "original"] as const;
type ImageSize = (typeof imageSizes)[number];

/** Address of the original file of the current version. */
function originalAddress(asset: Asset): MediaAddress {
  const { id: assetId, currentVersionId: versionId, trashedAt } = asset;
  return { assetId, versionId, variant: "original", trashedAt };
}

function variantAddress(
  { id: assetId, mediaType, trashedAt }: Asset,
  versionId: string,
  variant: Variant,
): MediaAddress {
  return { assetId, versionId, variant: variantName(variant, mediaType), trashedAt };
}

/**
 * Address of an asset's image in the given size. Images of a video come from its poster, and its `original` is the
 * full-size poster. Throws `not_found` for a video without a poster.
 */
function imageAddress(asset: Asset, size: ImageSize): MediaAddress {
  const { mediaType, currentVersionId, posterVersionId } = asset;
  if (mediaType === "image") {
    return size === "original" ? originalAddress(asset) : variantAddress(asset, currentVersionId, size);
  }
  if (posterVersionId === null) throw notFound("poster of this video");
  return variantAddress(asset, posterVersionId, size === "original" ? "fullsize" : size);
}

/** A stored file and the name under which browsers save it; null displays the file inline. */
export interface AddressedFile {
  address: MediaAddress;
  downloadName: string | null;
}

/**
 * Resolves the file that the download of an asset returns: the original of its current version.
 *
 * @throws {AppError} `not_found` for an unknown asset.
 */
export async function getOriginalFile(context: Context, principal: Principal, assetId: string): Promise<AddressedFile> {
  const asset = await getAsset(context, principal, assetId);
  return { address: originalAddress(asset), downloadName: downloadName(asset.originalFileName, asset.mimeType) };
}

/**
 * Resolves the image file of an asset in the given size.
 *
 * @throws {AppError} `not_found` for an unknown asset or a video without a poster.
 */
export async function getImageFile(
  context: Context,
  principal: Principal,
  assetId: string,
  size: ImageSize,
): Promise<AddressedFile> {
  return { address: imageAddress(await getAsset(context, principal, assetId), size), downloadName: null };
}

/**
 * Resolves the crop of a face.
 *
 * @throws {AppError} `not_found` for an unknown face or a video without a poster.
 */
export async function getFaceFile(context: Context, principal: Principal, faceId: string): Promise<AddressedFile> {
  const { box, crop } = await getFace(context, principal, { id: faceId, libraryId: null });
  const { assetId, versionId, trashedAt } = crop.source;
  if (versionId === null) throw notFound("poster of this video");
  return { address: { assetId, versionId, variant: cropVariantName(faceId, box), trashedAt }, downloadName: null };
}
