/** A version of a photo in the API's words. */
import type { Asset } from "../../operations/assets/assets.ts";
import type { Version } from "../../operations/versions/versions.ts";
import type { VersionBody } from "./schemas.ts";
import { assetUrls, type MediaLinks } from "../assets/urlSerializer.ts";

/** The rungs are the ones that the asset has while this version is its current one. */
export async function versionShape(
  asset: Asset,
  version: Version,
  all: boolean,
  links: MediaLinks,
): Promise<VersionBody> {
  const { id, position, kind, mimeType, width, height, fileSizeBytes, checksum, params } = version;
  const shown = { ...asset, currentVersionId: id, mimeType, width, height };
  const version_urls = await assetUrls(shown, all, links);
  const file = { mime_type: mimeType, width, height, file_size_bytes: fileSizeBytes, checksum };
  return { id, position, kind, ...file, params, version_urls };
}
