/** Assets of an album: add, remove, and the V1 list, a streamed JSON array without pagination. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albums.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { JSON_ARRAY_HEADERS, jsonArrayStream } from "../jsonArray.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { addToAlbumResultSchema, albumAssetsQuerySchema, assetIdsSchema } from "./schemas.ts";
import { assetSchema } from "../assets/schemas.ts";
import {
  acknowledgementSchema,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";
import { serializeAsset, allGroups } from "../assets/serializer.ts";

const params = z.object({ album_id: idSchema("album") });
const shared = { tags: ["Albums"], security: credentialSecurity };
const path = "/api/albums/{album_id}/assets" as const;

const list = createRoute({
  ...shared,
  path,
  method: "get",
  operationId: "albums_assets_list",
  summary: "List all live assets of an album as one array",
  description: "The bare array of the first API generation. New clients list assets with `album_id`.",
  deprecated: true,
  middleware: [requireAction("read")] as const,
  request: { params, query: albumAssetsQuerySchema },
  responses: {
    200: jsonResponse(z.array(assetSchema), "All assets, newest first, as a stream"),
    ...errorResponses(404),
  },
});

const add = createRoute({
  ...shared,
  path,
  method: "post",
  operationId: "albums_assets_add",
  summary: "Add assets to an album",
  description: "Repeating a call is harmless: assets that the album has are listed as duplicates.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: jsonResponse(addToAlbumResultSchema, "Result per asset id"), ...errorResponses(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  path,
  method: "delete",
  operationId: "albums_assets_remove",
  summary: "Remove assets from an album",
  description: "The assets stay in their library.",
  middleware: [requireAction("delete")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: {
    200: jsonResponse(acknowledgementSchema, "Removed; non-members are ignored"),
    ...errorResponses(404, 413, 415),
  },
});

export const albumAssets = newRouter()
  .openapi(add, async (c) => {
    const { context, principal } = c.var;
    const ids = c.req.valid("json").asset_ids;
    const result = await operations.addToAlbum(context, principal, c.req.valid("param").album_id, ids);
    return c.json(
      { added_assets: result.added, duplicate_assets: result.duplicate, not_found_assets: result.notFound },
      200,
    );
  })
  .openapi(remove, async (c) => {
    const { context, principal } = c.var;
    const ids = c.req.valid("json").asset_ids;
    await operations.removeFromAlbum(context, principal, c.req.valid("param").album_id, ids);
    return c.json({}, 200);
  });

addStreamingRoute(albumAssets, list, async (c) => {
  const albumId = parse(params, c.req.param(), "param").album_id;
  const query = parse(albumAssetsQuerySchema, c.req.query(), "query");
  const window = { startingAfterId: query.starting_after_id ?? null, limit: query.limit ?? null };
  const pages = await operations.streamAlbumAssets(c.var.context, c.var.principal, albumId, window);
  const urls = await mediaUrlBuilder(c);
  const body = jsonArrayStream(pages, (asset) => serializeAsset(asset, allGroups, urls));
  return c.body(body, 200, JSON_ARRAY_HEADERS);
});
