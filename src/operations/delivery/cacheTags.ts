/** Tags of cached media. Each change that ends media URLs purges one of them; triggers use the same names. */
import { parseCropVariant } from "./faceCrops/faceCropNames.ts";
import type { MediaFileRow } from "../../records/delivery/mediaFiles.ts";
import type { MediaAddress } from "./urlSigner.ts";

/**
 * Lists the tags of a media response: its asset, its library, the key that signed its URL, the face of a crop, and for a
 * trashed asset the trash of the library, which is cleared as a whole.
 */
export function cacheTags(
  { assetId, variant, trashedAt = null }: MediaAddress,
  row: MediaFileRow,
  keyTag: string,
): string[] {
  const trash = trashedAt === null ? [] : [`${row.libraryId}-trash`];
  const crop = parseCropVariant(variant);
  return [assetId, row.libraryId, keyTag, ...(crop === null ? [] : [crop.faceId]), ...trash];
}
