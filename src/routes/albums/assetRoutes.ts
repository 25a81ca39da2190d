/** Assets of an album: add, remove, and the V1 list, a streamed JSON array without pagination. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albums.ts";
import type { ListedAsset } from "../../operations/assets/assets.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
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
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";

const params = z.object({ album_id: idSchema("album") });
const shared = { tags: ["Albums"], security: credentialSecurity };
const path = "/api/albums/{album_id}/assets" as const;

const list = createRoute({
  ...shared,
  path,
  method: "get",
  summary: "List all live assets of an album as one array",
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
  summary: "Add assets to an album",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: jsonResponse(addToAlbumResultSchema, "Result per asset id"), ...errorResponses(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  path,
  method: "delete",
  summary: "Remove assets from an album",
  middleware: [requireAction("delete")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: {
    200: jsonResponse(acknowledgementSchema, "Removed; non-members are ignored"),
    ...errorResponses(404, 413, 415),
  },
});

async function* jsonArrayText(pages: AsyncIterable<ListedAsset[]>, urls: MediaUrlBuilder): AsyncGenerator<string> {
  let separator = "[";
  for await (const page of pages) {
    for (const asset of page) {
      yield separator + JSON.stringify(await serializeAsset(asset, allGroups, urls));
      separator = ",";
    }
  }
  yield separator === "[" ? "[]" : "]";
}

/** Pull-based, so that a page is read only after the client has consumed the previous one. */
function streamOf(chunks: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

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
  const chunks = jsonArrayText(pages, await mediaUrlBuilder(c));
  return c.body(streamOf(chunks), 200, { "Content-Type": "application/json" });
});
