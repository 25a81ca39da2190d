/** Albums as documented and as answered. */
import { z } from "@hono/zod-openapi";
import { idSchema, limitSchema, listOf, optionalLimit } from "../fieldSchemas.ts";
import { variantSchema } from "../assets/schemas.ts";

const text = z.string().nullable();

export const albumSchema = z
  .object({
    id: z.string().openapi({ example: "album_BM3nUmJ6fkBqBADyz5FEiu" }),
    name: z.string(),
    description: text,
    asset_count: z.int().openapi({ description: "Live members" }),
    album_cover_asset_id: text.openapi({ description: "The chosen cover, else the newest live member" }),
    asset_urls: z.record(z.string(), variantSchema).nullable(),
    album_cover_thumbnail_url: text.openapi({ deprecated: true }),
    start_date: text.openapi({ description: "Oldest capture time, as local_datetime" }),
    end_date: text.openapi({ description: "Newest capture time" }),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Album");
export type AlbumBody = z.input<typeof albumSchema>;

export const albumPageSchema = z.object({ data: z.array(albumSchema), has_more: z.boolean() }).openapi("AlbumPage");

const MAX_NAME = 1024;
const MAX_DESCRIPTION = 65_536;
const name = z.string().max(MAX_NAME);
const description = z.string().max(MAX_DESCRIPTION);

export const newAlbumSchema = z
  .object({ name: name.nullish(), description: description.nullish(), library_id: idSchema("library").nullish() })
  .openapi("NewAlbum");

/** `null` clears what can be empty; a name of null is "". */
export const albumChangeSchema = z
  .object({
    name: name.nullable().optional(),
    description: description.nullable().optional(),
    album_cover_asset_id: idSchema("asset").nullable().optional(),
  })
  .openapi("AlbumChange");

export const albumQuerySchema = z.object({
  library_id: idSchema("library").optional(),
  asset_id: idSchema("asset").optional(),
  ids: listOf(idSchema("album"), 200).optional(),
  starting_after_id: idSchema("album").optional(),
  limit: limitSchema(20, 200),
});

export const assetIdsSchema = z.object({ asset_ids: z.array(idSchema("asset")).min(1).max(200) }).openapi("AssetIds");

export const albumAddSchema = z
  .object({
    added_assets: z.array(z.string()),
    duplicate_assets: z.array(z.string()),
    not_found_assets: z.array(z.string()),
  })
  .openapi("AlbumAdd");

export const albumAssetsQuerySchema = z.object({
  starting_after_id: idSchema("asset").optional(),
  limit: optionalLimit(1000),
});
