import { z } from "@hono/zod-openapi";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import {
  arraySchema,
  idFieldSchema,
  idListSchema,
  idSchema,
  instantFieldSchema,
  libraryParameter,
  limitSchema,
  nameSchema,
  startingAfterSchema,
  optionalLimitSchema,
  textSchema,
} from "../fieldSchemas.ts";
import { variantSchema } from "../assets/variantSchemas.ts";

const text = z.string().nullable();

export const albumSchema = z
  .object({
    id: idFieldSchema("album"),
    name: z.string(),
    description: z.string().openapi({ description: "Empty if there is none" }),
    asset_count: z.int().openapi({ description: "Number of live assets" }),
    album_cover_asset_id: idFieldSchema("asset").nullable().openapi({
      description: "The chosen cover, or the newest live asset if none was chosen",
    }),
    asset_urls: z.record(z.string(), variantSchema).nullable(),
    album_cover_thumbnail_url: text.openapi({ deprecated: true }),
    start_date: text.openapi({ description: "Oldest capture time, in the format of `local_datetime`" }),
    end_date: text.openapi({ description: "Newest capture time, in the format of `local_datetime`" }),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("Album");
export type AlbumBody = z.input<typeof albumSchema>;

export const albumPageSchema = z.object({ data: z.array(albumSchema), has_more: z.boolean() }).openapi("AlbumPage");

const name = nameSchema(MAX_NAME_BYTES);
const description = textSchema(MAX_CAPTION_BYTES);

export const createAlbumSchema = z
  .object({ name: name.nullish(), description: description.nullish(), library_id: idSchema("library").nullish() })
  .openapi("CreateAlbumRequest", { example: { name: "Summer 2026" } });

/** `null` clears a field, and leaves the name as it is. */
export const updateAlbumSchema = z
  .object({
    name: name.nullable().optional(),
    description: description.nullable().optional(),
    album_cover_asset_id: idSchema("asset").nullable().optional(),
  })
  .openapi("UpdateAlbumRequest", { example: { name: "Summer 2026" } });

export const albumQuerySchema = z.object({
  library_id: libraryParameter,
  asset_id: idSchema("asset").optional().openapi({ description: "Albums that contain this asset" }),
  ids: idListSchema("album", 200).optional(),
  name: textSchema(MAX_NAME_BYTES).optional().openapi({
    description:
      "Albums whose name contains this text, without regard to case and outer space. Blank is no filter; `%` and `_` stand for themselves.",
  }),
  starting_after_id: startingAfterSchema("album"),
  limit: limitSchema(20, 200),
});

/** Assets that one request adds to an album or removes from it. */
export const MAX_ASSET_IDS = 200;

export const assetIdsSchema = z
  .object({ asset_ids: arraySchema(idSchema("asset"), 1, MAX_ASSET_IDS) })
  .openapi("AssetIds");

export const addToAlbumResultSchema = z
  .object({
    added_assets: z.array(idFieldSchema("asset")),
    duplicate_assets: z.array(idFieldSchema("asset")),
    not_found_assets: z.array(idFieldSchema("asset")),
  })
  .openapi("AddAlbumAssetsResponse");

export const albumAssetsQuerySchema = z.object({
  starting_after_id: startingAfterSchema("asset"),
  limit: optionalLimitSchema(1000, "At most this many assets; all if left out"),
});

export const albumMembershipSchema = z
  .object({
    id: idFieldSchema("albumAsset"),
    album_id: idFieldSchema("album"),
    asset_id: idFieldSchema("asset"),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("AlbumAsset");

export const albumMembershipPageSchema = z
  .object({ data: z.array(albumMembershipSchema), has_more: z.boolean() })
  .openapi("AlbumAssetPage");

export const albumMembershipQuerySchema = z.object({
  library_id: libraryParameter,
  album_id: idSchema("album").optional().openapi({ description: "Memberships of this album" }),
  asset_id: idSchema("asset").optional().openapi({ description: "Memberships of this asset" }),
  ids: idListSchema("albumAsset", 200).optional(),
  starting_after_id: startingAfterSchema("albumAsset"),
  limit: limitSchema(20, 200),
});
