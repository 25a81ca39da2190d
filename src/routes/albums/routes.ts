import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant, formatWallTime } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/albums/albums.ts";
import { deleteAlbum } from "../../operations/deletion/purgeAlbums.ts";
import { mediaUrlBuilder, type MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { newRouter } from "../router.ts";
import {
  updateAlbumSchema,
  albumPageSchema,
  albumQuerySchema,
  albumSchema,
  createAlbumSchema,
  type AlbumBody,
} from "./schemas.ts";
import {
  acknowledgementSchema,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";
import { serializeThumbnail } from "../assets/urlSerializer.ts";

const params = z.object({ album_id: idSchema("album") });
const shared = { tags: ["Albums"], security: credentialSecurity };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/albums",
  operationId: "albums_create",
  summary: "Create an empty album",
  description:
    "Names are unique in a library, without regard to case and outer space. If an album has the name and every other field that was sent, it is returned with 200; if a field differs, the response is 409. Without a name, the album is called `New Album`. A library can have at most MAX_ALBUMS_PER_LIBRARY albums; beyond that 409.",
  middleware: [requireAction("write")] as const,
  request: { headers: idempotencyHeaders, body: jsonBody(createAlbumSchema) },
  responses: {
    200: jsonResponse(albumSchema, "The album that has this name; it is unchanged"),
    201: jsonResponse(albumSchema, "The new album"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/albums",
  operationId: "albums_list",
  summary: "List albums, newest first",
  description:
    "With `asset_id`, the albums that contain the asset. Page with `starting_after_id` while `has_more` is true.",
  middleware: [requireAction("read")] as const,
  request: { query: albumQuerySchema },
  responses: { 200: jsonResponse(albumPageSchema, "A page of albums"), ...errorResponses(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/albums/{album_id}",
  operationId: "albums_retrieve",
  summary: "Get an album",
  description: "Counts, dates and the cover are those of live assets.",
  middleware: [requireAction("read")] as const,
  request: { params },
  responses: { 200: jsonResponse(albumSchema, "The album"), ...errorResponses(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/albums/{album_id}",
  operationId: "albums_update",
  summary: "Update an album's name, description or cover",
  description:
    "Fields that are left out stay as they are, and so does a name that is null; null clears the description or the cover. A cover must be an asset of the album. A name that another album of the library has is 409.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(updateAlbumSchema) },
  responses: { 200: jsonResponse(albumSchema, "The updated album"), ...errorResponses(404, 409, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/albums/{album_id}",
  operationId: "albums_delete",
  summary: "Delete an album; its assets are kept",
  description: "Disappears at once; memberships of a large album are deleted in the background.",
  middleware: [requireAction("delete")] as const,
  request: { params },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404) },
});

function formatBound(wallUs: number | null, offsetMinutes: number | null): string | null {
  return wallUs === null ? null : formatWallTime({ wallUs, offsetMinutes });
}

/** `asset_urls` holds the cover's thumbnail; null if the cover or its image is missing. */
async function serializeAlbum(album: operations.Album, urls: MediaUrlBuilder): Promise<AlbumBody> {
  const thumbnail = album.cover === null ? null : await serializeThumbnail({ ...album.cover, trashedAt: null }, urls);
  return {
    id: album.id,
    name: album.name,
    description: album.description ?? "",
    asset_count: album.assetCount,
    album_cover_asset_id: album.cover?.id ?? null,
    asset_urls: thumbnail === null ? null : { thumbnail },
    album_cover_thumbnail_url: thumbnail?.url ?? null,
    start_date: formatBound(album.startUs, album.startOffsetMinutes),
    end_date: formatBound(album.endUs, album.endOffsetMinutes),
    created_at: formatInstant(album.createdAt),
    updated_at: formatInstant(album.updatedAt),
  };
}

function toAlbumChange(body: z.output<typeof updateAlbumSchema>): operations.AlbumPatch {
  return {
    ...(typeof body.name === "string" ? { name: body.name } : {}),
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(body.album_cover_asset_id === undefined ? {} : { coverAssetId: body.album_cover_asset_id }),
  };
}

export const albums = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const { name, description, library_id: libraryId } = body;
    const { context, principal } = c.var;
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const request = { name: name ?? null, description: description ?? null, libraryId: libraryId ?? null };
    const { album, isNew } = await operations.createAlbum(context, principal, request, idempotent);
    return c.json(await serializeAlbum(album, await mediaUrlBuilder(c)), isNew ? 201 : 200);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listAlbums(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      assetId: query.asset_id ?? null,
      ids: query.ids ?? null,
      name: query.name ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
    });
    const urls = await mediaUrlBuilder(c);
    const data = await Promise.all(page.albums.map((album) => serializeAlbum(album, urls)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const album = await operations.getAlbum(c.var.context, c.var.principal, c.req.valid("param").album_id);
    return c.json(await serializeAlbum(album, await mediaUrlBuilder(c)), 200);
  })
  .openapi(update, async (c) => {
    const { context, principal } = c.var;
    const change = toAlbumChange(c.req.valid("json"));
    const album = await operations.updateAlbum(context, principal, c.req.valid("param").album_id, change);
    return c.json(await serializeAlbum(album, await mediaUrlBuilder(c)), 200);
  })
  .openapi(remove, async (c) => {
    await deleteAlbum(c.var.context, c.var.principal, c.req.valid("param").album_id);
    return c.json({}, 200);
  });
