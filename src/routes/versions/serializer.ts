import type { Asset } from "../../operations/assets/assets.ts";
import type { Version } from "../../operations/versions/versions.ts";
import type { VersionBody } from "./schemas.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { serializeAssetUrls } from "../assets/urlSerializer.ts";

/** `version_urls` equals the `asset_urls` of the asset while this version is current. */
export async function serializeVersion(
  asset: Asset,
  version: Version,
  all: boolean,
  urls: MediaUrlBuilder,
): Promise<VersionBody> {
  const { id, position, kind, mimeType, width, height, fileSizeBytes, checksum, params } = version;
  const shown = { ...asset, currentVersionId: id, mimeType, width, height };
  const version_urls = await serializeAssetUrls(shown, all, urls);
  const file = { mime_type: mimeType, width, height, file_size_bytes: fileSizeBytes, checksum };
  return { id, position, kind, ...file, params, version_urls };
}
