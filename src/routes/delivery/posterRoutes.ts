/** A client's own poster of a video: /api/assets/{asset_id}/still extends the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../kernel/errors.ts";
import { requireAction } from "../../middleware/authentication.ts";
import { deleteClientPoster } from "../../operations/delivery/posters/posters.ts";
import { receivePoster } from "../../operations/delivery/posters/posterBody.ts";
import { readChunks, discardBody } from "../../http/bodyReader.ts";
import { mediaUrlBuilder } from "./mediaUrls.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { assetSchema } from "../assets/schemas.ts";
import { errorResponses, idSchema, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { serializeAsset, allGroups } from "../assets/serializer.ts";

const params = z.object({ asset_id: idSchema("asset") });
const binaryImage = { schema: z.string().openapi({ format: "binary" }) };

const put = createRoute({
  method: "put",
  path: "/api/assets/{asset_id}/still",
  tags: ["Assets"],
  operationId: "assets_set_still",
  summary: "Set the poster image of a video",
  description:
    "The body is a JPEG, PNG or WebP image of at most 20 MiB that can be decoded; `application/octet-stream` stands for any of them. It replaces the poster that the service made, and stays until it is deleted. It counts as storage. Tintype extension; not part of the Gumnut API.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: {
    params,
    body: {
      required: true,
      // Some client generators know no other type of a file than the last one.
      content: {
        "image/jpeg": binaryImage,
        "image/png": binaryImage,
        "image/webp": binaryImage,
        "application/octet-stream": binaryImage,
      },
    },
  },
  responses: {
    200: jsonResponse(assetSchema, "The video with the image variants of its poster"),
    ...errorResponses(404, 409, 413, 415, 503, 507),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/api/assets/{asset_id}/still",
  tags: ["Assets"],
  operationId: "assets_delete_still",
  summary: "Delete the client's poster of a video",
  description:
    "The task `video_thumbnail_extract` then makes a poster from the video; until then it has none. A poster that the service made stays. Tintype extension; not part of the Gumnut API.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: { params },
  responses: {
    200: jsonResponse(assetSchema, "The video, without image variants if its poster was deleted"),
    ...errorResponses(404, 409),
  },
});

function contentLength(headers: Headers): number | null {
  const length = Number(headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : null;
}

async function* noChunks(): AsyncGenerator<Uint8Array, void, undefined> {}

const POSTER_TYPES = /^(?:image\/(?:jpeg|png|webp)|application\/octet-stream)\s*(?:;|$)/i;

export const posters = newRouter().openapi(remove, async (c) => {
  const asset = await deleteClientPoster(c.var.context, c.var.principal, c.req.valid("param").asset_id);
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), 200);
});

addStreamingRoute(posters, put, async (c) => {
  const { asset_id: assetId } = parse(params, c.req.param(), "param");
  if (!POSTER_TYPES.test(c.req.header("content-type") ?? "")) {
    throw new AppError(
      "unsupported_media_type",
      "unsupported Content-Type: send the poster image as image/jpeg, image/png, image/webp or application/octet-stream",
    );
  }
  const { context, principal } = c.var;
  const { body, headers } = c.req.raw;
  const chunks = body === null ? noChunks() : readChunks(body);
  const received = { chunks, sizeBytes: contentLength(headers) };
  const asset = await receivePoster(context, principal, assetId, received).catch(async (error: unknown) => {
    await chunks.return();
    if (body !== null) await discardBody(body);
    throw error;
  });
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), 200);
});
