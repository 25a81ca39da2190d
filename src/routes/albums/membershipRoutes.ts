/** The links between albums and assets: one, or a page of them. They are made and removed in albumAssets.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albumMemberships.ts";
import { newRouter } from "../router.ts";
import { albumLinkPageSchema, albumLinkQuerySchema, albumLinkSchema } from "./membershipSchemas.ts";
import { failures, idSchema, ok, security } from "../fieldSchemas.ts";

const shared = { tags: ["Albums"], security };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/album-assets",
  summary: "List which asset is in which album, newest link first",
  description:
    "An asset in the trash keeps its links, and they are listed. Unknown `ids` and `asset_id` match nothing.",
  middleware: [allows("read")] as const,
  request: { query: albumLinkQuerySchema },
  responses: { 200: ok(albumLinkPageSchema, "A page of links"), ...failures(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/album-assets/{album_asset_id}",
  summary: "Get a link between an album and an asset",
  middleware: [allows("read")] as const,
  request: { params: z.object({ album_asset_id: idSchema("albumAsset") }) },
  responses: { 200: ok(albumLinkSchema, "The link"), ...failures(404) },
});

function shape(link: operations.AlbumLink) {
  return {
    id: link.id,
    album_id: link.albumId,
    asset_id: link.assetId,
    created_at: formatInstant(link.createdAt),
    updated_at: formatInstant(link.updatedAt),
  };
}

export const albumLinks = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listAlbumLinks(c.var.db, c.var.principal, {
      libraryId: query.library_id ?? null,
      albumId: query.album_id ?? null,
      assetId: query.asset_id ?? null,
      ids: query.ids ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
    });
    return c.json({ data: page.links.map(shape), has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const link = await operations.getAlbumLink(c.var.db, c.var.principal, c.req.valid("param").album_asset_id);
    return c.json(shape(link), 200);
  });
