/** Albums: create, list, get, change, delete. Their assets are in albumAssets.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albums.ts";
import { linksOf } from "../delivery/routes.ts";
import { newRouter } from "../router.ts";
import { albumChangeSchema, albumPageSchema, albumQuerySchema, albumSchema, newAlbumSchema } from "./schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";
import { albumShape } from "./serializer.ts";

const params = z.object({ album_id: idSchema("album") });
const shared = { tags: ["Albums"], security };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/albums",
  summary: "Create an empty album",
  middleware: [allows("write")] as const,
  request: { body: jsonBody(newAlbumSchema) },
  responses: { 201: ok(albumSchema, "The new album"), ...failures(404, 413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/albums",
  summary: "List albums, newest first",
  middleware: [allows("read")] as const,
  request: { query: albumQuerySchema },
  responses: { 200: ok(albumPageSchema, "A page of albums"), ...failures(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/albums/{album_id}",
  summary: "Get an album",
  middleware: [allows("read")] as const,
  request: { params },
  responses: { 200: ok(albumSchema, "The album"), ...failures(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/albums/{album_id}",
  summary: "Rename or describe an album, or choose its cover",
  middleware: [allows("write")] as const,
  request: { params, body: jsonBody(albumChangeSchema) },
  responses: { 200: ok(albumSchema, "The changed album"), ...failures(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/albums/{album_id}",
  summary: "Delete an album; its assets stay",
  middleware: [allows("delete")] as const,
  request: { params },
  responses: { 200: ok(ackSchema, "Deleted"), ...failures(404) },
});

function changeOf(body: z.output<typeof albumChangeSchema>): operations.AlbumChange {
  return {
    ...(body.name === undefined ? {} : { name: body.name ?? "" }),
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(body.album_cover_asset_id === undefined ? {} : { coverAssetId: body.album_cover_asset_id }),
  };
}

export const albums = newRouter()
  .openapi(create, async (c) => {
    const { name, description, library_id: libraryId } = c.req.valid("json");
    const { db, principal, nowMs } = c.var;
    const request = { name: name ?? "", description: description ?? null, libraryId: libraryId ?? null };
    const album = await operations.createAlbum(db, principal, request, nowMs);
    return c.json(await albumShape(album, await linksOf(c)), 201);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listAlbums(c.var.db, c.var.principal, {
      libraryId: query.library_id ?? null,
      assetId: query.asset_id ?? null,
      ids: query.ids ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
    });
    const links = await linksOf(c);
    const data = await Promise.all(page.albums.map((album) => albumShape(album, links)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const album = await operations.getAlbum(c.var.db, c.var.principal, c.req.valid("param").album_id);
    return c.json(await albumShape(album, await linksOf(c)), 200);
  })
  .openapi(update, async (c) => {
    const { db, principal, nowMs } = c.var;
    const change = changeOf(c.req.valid("json"));
    const album = await operations.updateAlbum(db, principal, c.req.valid("param").album_id, change, nowMs);
    return c.json(await albumShape(album, await linksOf(c)), 200);
  })
  .openapi(remove, async (c) => {
    await operations.deleteAlbum(c.var.db, c.var.principal, c.req.valid("param").album_id, c.var.nowMs);
    return c.json({}, 200);
  });
