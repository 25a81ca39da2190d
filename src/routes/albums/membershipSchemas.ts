/** The links between albums and assets, as documented and as answered. */
import { z } from "@hono/zod-openapi";
import { idSchema, limitSchema, listOf } from "../fieldSchemas.ts";

export const albumLinkSchema = z
  .object({
    id: z.string().openapi({ example: "album_asset_BM3nUmJ6fkBqBADyz5FEiu" }),
    album_id: z.string(),
    asset_id: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("AlbumAsset");

export const albumLinkPageSchema = z
  .object({ data: z.array(albumLinkSchema), has_more: z.boolean() })
  .openapi("AlbumAssetPage");

export const albumLinkQuerySchema = z.object({
  library_id: idSchema("library").optional(),
  album_id: idSchema("album").optional(),
  asset_id: idSchema("asset").optional(),
  ids: listOf(idSchema("albumAsset"), 200).optional(),
  starting_after_id: idSchema("albumAsset").optional(),
  limit: limitSchema(20, 200),
});
