/**
 * The first generation's byte routes: an asset's file and its picture, for whoever sends a credential. Signed URLs serve
 * the same bytes without one, and can be cached.
 */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { allows } from "../../middleware/authentication.ts";
import { downloadAddress, pictureAddress, pictureSizes } from "../../operations/delivery/fileUrls.ts";
import { getAsset } from "../../operations/assets/assets.ts";
import { downloadNameOf } from "../../operations/delivery/downloadName.ts";
import type { MediaAddress } from "../../operations/delivery/urlSigner.ts";
import { binaryAnswers, mediaDepsOf } from "./routes.ts";
import { serveGranted } from "./mediaResponse.ts";
import { newRouter, parse } from "../router.ts";
import { failures, idSchema, security } from "../fieldSchemas.ts";

const params = z.object({ asset_id: idSchema("asset") });
const pictureQuery = z.object({ size: z.enum(pictureSizes).default("thumbnail") });
const shared = { tags: ["Assets"], security, deprecated: true };

const download = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/download",
  summary: "The file of an asset's current rendering",
  description: "`asset_urls.original` serves the same without a credential. Ranges and conditional requests; HEAD too.",
  request: { params },
  responses: { ...binaryAnswers, ...failures(404) },
});

const thumbnail = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/thumbnail",
  summary: "A picture of an asset",
  description:
    "WebP, AVIF or JPEG by `Accept`; `size=original` is a photo's own file. A video's picture is its still: 404 while it has none.",
  request: { params, query: pictureQuery },
  responses: { ...binaryAnswers, ...failures(404) },
});

async function serve(c: Context<AppEnv>, address: MediaAddress, downloadName: string | null): Promise<Response> {
  const grant = { address, expiresAt: null, downloadName };
  const response = await serveGranted(c.req.raw, mediaDepsOf(c), grant);
  // Set on the context too, whose no-store for JSON would take its place.
  c.header("Cache-Control", response.headers.get("Cache-Control") ?? "no-store");
  return response;
}

export const assetFiles = newRouter();
// Not `.openapi(…)`: the answers are typed as values, and these are streams.
for (const route of [download, thumbnail]) assetFiles.openAPIRegistry.registerPath(route);

assetFiles.get("/api/assets/:asset_id/download", allows("read"), async (c) => {
  const { asset_id: id } = parse(params, c.req.param(), "param");
  const asset = await getAsset(c.var.db, c.var.principal, id);
  return await serve(c, downloadAddress(asset), downloadNameOf(asset.originalFileName, asset.mimeType));
});

assetFiles.get("/api/assets/:asset_id/thumbnail", allows("read"), async (c) => {
  const { asset_id: id } = parse(params, c.req.param(), "param");
  const { size } = parse(pictureQuery, c.req.query(), "query");
  const asset = await getAsset(c.var.db, c.var.principal, id);
  return await serve(c, pictureAddress(asset, size), null);
});
