/** An album's assets: add, remove, and the first generation's bare array of them all, streamed. */
import { createRoute, z } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albums.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import { linksOf } from "../delivery/routes.ts";
import { newRouter, parse } from "../router.ts";
import { albumAddSchema, albumAssetsQuerySchema, assetIdsSchema } from "./schemas.ts";
import { assetSchema } from "../assets/schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";
import { assetShape, everyGroup } from "../assets/serializer.ts";
import type { MediaLinks } from "../assets/urlSerializer.ts";

const params = z.object({ album_id: idSchema("album") });
const shared = { tags: ["Albums"], security };
const path = "/api/albums/{album_id}/assets" as const;

const list = createRoute({
  ...shared,
  path,
  method: "get",
  summary: "Every live asset of an album, as one array of any length",
  deprecated: true,
  middleware: [allows("read")] as const,
  request: { params, query: albumAssetsQuerySchema },
  responses: { 200: ok(z.array(assetSchema), "Newest first; streamed"), ...failures(404) },
});

const add = createRoute({
  ...shared,
  path,
  method: "post",
  summary: "Add assets to an album",
  middleware: [allows("write")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: ok(albumAddSchema, "What became of each id"), ...failures(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  path,
  method: "delete",
  summary: "Remove assets from an album",
  middleware: [allows("delete")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: ok(ackSchema, "Removed; what was no member is ignored"), ...failures(404, 413, 415) },
});

async function* arrayText(pages: AsyncIterable<Asset[]>, links: MediaLinks): AsyncGenerator<string> {
  let separator = "[";
  for await (const page of pages) {
    for (const asset of page) {
      yield separator + JSON.stringify(await assetShape(asset, everyGroup, links));
      separator = ",";
    }
  }
  yield separator === "[" ? "[]" : "]";
}

/** Pulled, not pushed: a page is read when the client has taken the one before. */
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
    const { db, principal, nowMs } = c.var;
    const ids = c.req.valid("json").asset_ids;
    const result = await operations.addToAlbum(db, principal, c.req.valid("param").album_id, ids, nowMs);
    return c.json(
      { added_assets: result.added, duplicate_assets: result.duplicate, not_found_assets: result.notFound },
      200,
    );
  })
  .openapi(remove, async (c) => {
    const { db, principal, nowMs } = c.var;
    const ids = c.req.valid("json").asset_ids;
    await operations.removeFromAlbum(db, principal, c.req.valid("param").album_id, ids, nowMs);
    return c.json({}, 200);
  });

// Not `.openapi(list, …)`: its answer is typed as one value, and this one is never held whole.
albumAssets.openAPIRegistry.registerPath(list);
albumAssets.get("/api/albums/:album_id/assets", allows("read"), async (c) => {
  const albumId = parse(params, c.req.param(), "param").album_id;
  const query = parse(albumAssetsQuerySchema, c.req.query(), "query");
  const window = { startingAfterId: query.starting_after_id ?? null, limit: query.limit ?? null };
  const pages = await operations.openAlbumPages(c.var.db, c.var.principal, albumId, window);
  const chunks = arrayText(pages, await linksOf(c));
  return c.body(streamOf(chunks), 200, { "Content-Type": "application/json" });
});
