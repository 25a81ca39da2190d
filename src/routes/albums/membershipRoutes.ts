/** Reads album memberships; assetRoutes.ts adds and removes them. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albumMemberships.ts";
import { newRouter } from "../router.ts";
import { albumMembershipPageSchema, albumMembershipQuerySchema, albumMembershipSchema } from "./schemas.ts";
import { errorResponses, idSchema, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";

const shared = { tags: ["Albums"], security: credentialSecurity };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/album-assets",
  operationId: "album_assets_list",
  summary: "List album memberships, newest first",
  description: "Memberships of trashed assets are included. Unknown `ids` and `asset_id` match nothing.",
  middleware: [requireAction("read")] as const,
  request: { query: albumMembershipQuerySchema },
  responses: { 200: jsonResponse(albumMembershipPageSchema, "A page of album memberships"), ...errorResponses(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/album-assets/{album_asset_id}",
  operationId: "album_assets_get",
  summary: "Get an album membership",
  description: "A membership has its own id, which the change feed names.",
  middleware: [requireAction("read")] as const,
  request: { params: z.object({ album_asset_id: idSchema("albumAsset") }) },
  responses: { 200: jsonResponse(albumMembershipSchema, "The album membership"), ...errorResponses(404) },
});

function serializeMembership(membership: operations.AlbumMembership) {
  return {
    id: membership.id,
    album_id: membership.albumId,
    asset_id: membership.assetId,
    created_at: formatInstant(membership.createdAt),
    updated_at: formatInstant(membership.updatedAt),
  };
}

export const albumMemberships = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listAlbumMemberships(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      albumId: query.album_id ?? null,
      assetId: query.asset_id ?? null,
      ids: query.ids ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
    });
    return c.json({ data: page.memberships.map(serializeMembership), has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const membership = await operations.getAlbumMembership(
      c.var.context,
      c.var.principal,
      c.req.valid("param").album_asset_id,
    );
    return c.json(serializeMembership(membership), 200);
  });
