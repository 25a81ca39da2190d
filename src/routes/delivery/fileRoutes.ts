/** V1 routes that serve an asset's file and image, and the crop of a face, to a credential; signed URLs replaced them and are cacheable. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { requireAction } from "../../middleware/authentication.ts";
import {
  getFaceFile,
  getImageFile,
  getOriginalFile,
  imageSizes,
  type AddressedFile,
} from "../../operations/delivery/mediaAddress.ts";
import { binaryResponses } from "./routes.ts";
import { serveGrantedFile } from "./mediaResponse.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { errorResponses, idSchema, credentialSecurity } from "../fieldSchemas.ts";

const params = z.object({ asset_id: idSchema("asset") });
const thumbnailQuery = z.object({
  size: z.enum(imageSizes).default("thumbnail").openapi({ description: "The variant" }),
});
const shared = { tags: ["Assets"], security: credentialSecurity, deprecated: true };

const download = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/download",
  operationId: "assets_download",
  summary: "Download the current version of an asset",
  description:
    "`asset_urls.original` serves the same file without a credential. Supports Range, conditional requests and HEAD.",
  middleware: [requireAction("read")] as const,
  request: { params },
  responses: { ...binaryResponses, ...errorResponses(404) },
});

const thumbnail = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/thumbnail",
  operationId: "assets_thumbnail",
  summary: "Get an image of an asset",
  description:
    "WebP; JPEG for a full size with a side of more than 16,383 pixels. `size=original` is the file of a photo. For a video, the image is its poster; 404 if it has none.",
  middleware: [requireAction("read")] as const,
  request: { params, query: thumbnailQuery },
  responses: { ...binaryResponses, ...errorResponses(404) },
});

const faceParams = z.object({ face_id: idSchema("face") });

const faceThumbnail = createRoute({
  ...shared,
  tags: ["Faces"],
  method: "get",
  path: "/api/faces/{face_id}/thumbnail",
  operationId: "faces_thumbnail",
  summary: "Get the crop of a face",
  description:
    "`asset_urls.thumbnail` of the face serves the same image without a credential: a square WebP around the face, at most 360 pixels a side. 404 if the picture can't be decoded.",
  middleware: [requireAction("read")] as const,
  request: { params: faceParams },
  responses: { ...binaryResponses, ...errorResponses(404) },
});

async function serve(c: Context<AppEnv>, file: AddressedFile): Promise<Response> {
  const grant = { ...file, signature: null };
  return await serveGrantedFile(c.var.context, c.req.raw, grant, c.var.origin);
}

export const assetFiles = newRouter();

addStreamingRoute(assetFiles, download, async (c) => {
  const { asset_id: id } = parse(params, c.req.param(), "param");
  return await serve(c, await getOriginalFile(c.var.context, c.var.principal, id));
});

addStreamingRoute(assetFiles, thumbnail, async (c) => {
  const { asset_id: id } = parse(params, c.req.param(), "param");
  const { size } = parse(thumbnailQuery, c.req.query(), "query");
  return await serve(c, await getImageFile(c.var.context, c.var.principal, id, size));
});

addStreamingRoute(assetFiles, faceThumbnail, async (c) => {
  const { face_id: id } = parse(faceParams, c.req.param(), "param");
  return await serve(c, await getFaceFile(c.var.context, c.var.principal, id));
});
