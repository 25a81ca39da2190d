/** GET /api/assets/{asset_id}/similar. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import {
  listSimilarAssets,
  MAX_APPEARANCE_DISTANCE,
  MAX_CONTENT_DISTANCE,
} from "../../operations/search/similarAssets.ts";
import { includeSchema } from "../assets/querySchemas.ts";
import { columnGroupsOf, serializeAsset } from "../assets/serializer.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import {
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonResponse,
  limitSchema,
  queryNumberSchema,
} from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import { MAX_DISTANCE, SEARCH_PAGE_SIZE, searchHitSchema } from "./schemas.ts";

const similarSchema = z.object({ data: z.array(searchHitSchema) }).openapi("SimilarAssets");

const similar = createRoute({
  tags: ["Search"],
  security: credentialSecurity,
  method: "get",
  path: "/api/assets/{asset_id}/similar",
  operationId: "assets_list_similar",
  summary: "List photos that look like a photo",
  description:
    "Compares perceptual hashes: copies in other sizes or formats, slight edits and shots of one scene. With an embedder of images, it compares its vectors, which also finds the same subject. Lists live photos of the same library, the most similar first. The list is empty while the task `embedding` of the photo is pending, and for videos. The header `x-search-methods` names the method: `appearance` or `vectors`.",
  middleware: [requireAction("read")] as const,
  request: {
    params: z.object({ asset_id: idSchema("asset") }),
    query: z.object({
      include: includeSchema.optional(),
      limit: limitSchema(SEARCH_PAGE_SIZE.default, SEARCH_PAGE_SIZE.max),
      max_distance: queryNumberSchema
        .pipe(z.number().min(0).max(MAX_DISTANCE))
        .optional()
        .openapi({
          type: "number",
          minimum: 0,
          maximum: MAX_DISTANCE,
          description: `The largest cosine distance of a hit: ${MAX_APPEARANCE_DISTANCE} unless given, which is 12 different bits of 64, and ${MAX_CONTENT_DISTANCE} with an embedder of images`,
        }),
    }),
  },
  responses: { 200: jsonResponse(similarSchema, "The similar photos"), ...errorResponses(404) },
});

export const similarAssets = newRouter().openapi(similar, async (c) => {
  const { include, limit, max_distance: maxDistance = null } = c.req.valid("query");
  const { asset_id: assetId } = c.req.valid("param");
  const groups = new Set(include);
  const { hits, method } = await listSimilarAssets(c.var.context, c.var.principal, {
    assetId,
    limit,
    maxDistance,
    groups: columnGroupsOf(groups),
  });
  const urls = await mediaUrlBuilder(c);
  const data = await Promise.all(
    hits.map(async ({ asset, distance }) => ({ asset: await serializeAsset(asset, groups, urls), distance })),
  );
  if (method !== null) c.header("x-search-methods", method);
  return c.json({ data }, 200);
});
