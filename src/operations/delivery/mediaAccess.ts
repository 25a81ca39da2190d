/** Rejects media URLs whose file was trashed, deleted or replaced since they were signed. */
import { AppError } from "../../kernel/errors.ts";
import { findMediaFile, findRecentMediaFile, type MediaFileRow } from "../../records/delivery/mediaFiles.ts";
import type { Context } from "../context.ts";
import { parseCropVariant } from "./faceCrops/faceCropNames.ts";
import type { MediaAddress } from "./urlSigner.ts";

export type { MediaFileRow } from "../../records/delivery/mediaFiles.ts";

/** A URL of a live asset ends when the asset is trashed, and one of a trashed asset when it is restored. */
function isServed(row: MediaFileRow | null, { trashedAt = null }: MediaAddress): row is MediaFileRow {
  return row !== null && row.trashedAt === trashedAt;
}

/**
 * Finds the row of a media file, in memory or in the database. A replica may lag behind an upload, so the primary
 * decides before a URL is refused. A lagging replica may serve an ended URL for the seconds of its delay.
 *
 * @throws {AppError} `not_found` if the URL has ended.
 */
export async function requireMediaFile(context: Context, address: MediaAddress): Promise<MediaFileRow> {
  const file = { ...address, face: parseCropVariant(address.variant) };
  const row = await findRecentMediaFile(context.db, file, context.nowMs);
  if (isServed(row, address)) return row;
  const newest = context.db.consistency === "primary" ? row : await findMediaFile(context.db.primary(), file);
  if (isServed(newest, address)) return newest;
  throw new AppError(
    "not_found",
    "media not found: the asset was deleted, trashed, restored or changed; read it again for a new URL",
  );
}
