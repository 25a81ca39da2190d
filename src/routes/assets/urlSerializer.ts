/** The rungs of an asset as `asset_urls` gives them: one when lean, all of them with `include=variants`. */
import { downloadNameOf } from "../../operations/delivery/downloadName.ts";
import { rungEdges, rungs, rungWidth, variantOf, type Rung } from "../../operations/delivery/variants.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import type { VariantBody } from "./schemas.ts";

/** How URLs are written: signed ones on our own host, and the edge's resizing ones where the deployment uses them. */
export interface MediaLinks {
  sign(target: { assetId: string; versionId: string; variant: string; downloadName?: string }): Promise<string>;
  /** The URL at which Cloudflare resizes `source` to `edgePx`; null where the Worker does it. */
  resized: ((source: string, edgePx: number) => string) | null;
}

export type Depicted = Pick<Asset, "id" | "mediaType" | "currentVersionId" | "stillVersionId" | "width" | "height">;

/** The version whose picture is shown; null for a video without a still. */
function pictureVersion(asset: Depicted): string | null {
  return asset.mediaType === "video" ? asset.stillVersionId : asset.currentVersionId;
}

/** Only the preview stands in an edge URL: it has no metadata, and whoever holds the URL can read its source. */
async function rungUrl(asset: Depicted, versionId: string, rung: Rung, links: MediaLinks): Promise<string> {
  const edgePx = rungEdges[rung];
  const byEdge = links.resized !== null && edgePx !== null;
  const variant = variantOf(byEdge ? "preview" : rung, asset.mediaType);
  const url = await links.sign({ assetId: asset.id, versionId, variant });
  return links.resized !== null && edgePx !== null ? links.resized(url, edgePx) : url;
}

/** A still has a size of its own, which no row holds: rather none than the video's. */
function widthOf(asset: Depicted, rung: Rung): number | null {
  return asset.mediaType === "video" ? null : rungWidth(rung, asset.width, asset.height);
}

async function rungShape(asset: Depicted, versionId: string, rung: Rung, links: MediaLinks): Promise<VariantBody> {
  const url = await rungUrl(asset, versionId, rung, links);
  return { url, mimetype: "image/webp", width: widthOf(asset, rung) };
}

/** The smallest picture there is of it: what an album or a person shows. */
export async function thumbnailShape(asset: Depicted, links: MediaLinks): Promise<VariantBody | null> {
  const versionId = pictureVersion(asset);
  return versionId === null ? null : await rungShape(asset, versionId, "thumbnail", links);
}

async function originalShape(asset: Asset, links: MediaLinks): Promise<VariantBody> {
  const { id: assetId, currentVersionId: versionId } = asset;
  const downloadName = downloadNameOf(asset.originalFileName, asset.mimeType);
  const url = await links.sign({ assetId, versionId, variant: "original", downloadName });
  return { url, mimetype: asset.mimeType, width: asset.width === 0 ? null : asset.width };
}

export async function assetUrls(asset: Asset, all: boolean, links: MediaLinks): Promise<Record<string, VariantBody>> {
  const versionId = pictureVersion(asset);
  if (versionId === null) return { original: await originalShape(asset, links) };
  const wanted = all ? rungs : (["thumbnail"] as const);
  const entries = await Promise.all(
    wanted.map(
      async (rung) => [variantOf(rung, asset.mediaType), await rungShape(asset, versionId, rung, links)] as const,
    ),
  );
  const pictures = Object.fromEntries(entries);
  return all ? { original: await originalShape(asset, links), ...pictures } : pictures;
}
